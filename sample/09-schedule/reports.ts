import { DurableContext, DurableService, Handler, Schedule } from 'nestjs-durable';
import { Archive } from './archive.js';

const NIGHTLY = process.env.REPORT_CRON ?? '30 2 * * *';

@DurableService()
export class Reports {
  constructor(
    private readonly durable: DurableContext,
    private readonly archive: Archive,
  ) {}

  /** At half past two in Berlin, once in the whole fleet. What was missed in a downtime is made up for, once. */
  @Schedule(NIGHTLY, { name: 'nightly', timeZone: 'Europe/Berlin', args: ['everywhere'] })
  @Handler()
  async build(region: string): Promise<string> {
    // When it was to start, which is the same however late it does, and on every attempt. By hand there is none.
    const { scheduledFor, createdAt } = this.durable.invocation;
    const period = (scheduledFor ?? createdAt).toISOString();
    await this.archive.store(region, period);
    return period;
  }
}
