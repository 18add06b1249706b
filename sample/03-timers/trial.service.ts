import { DurableContext, DurableService, Handler, WaitTimeoutError } from 'nestjs-durable';
import { Mailer } from './mailer.js';
import { TrialTerms } from './trial.terms.js';

export type TrialOutcome = 'subscribed' | 'cancelled' | 'expired';

@DurableService()
export class TrialService {
  constructor(
    private readonly durable: DurableContext,
    private readonly mailer: Mailer,
    private readonly terms: TrialTerms,
  ) {}

  /** Two weeks in one method: while it waits it is a row in the database, and no process needs to run. */
  @Handler()
  async run(customer: string): Promise<TrialOutcome> {
    await this.mailer.welcome(customer);
    const end = Promise.race([this.subscription(), this.cancellation()]);
    const early = await Promise.race([end, this.durable.sleep(this.terms.reminder)]);
    if (!early) await this.mailer.remind(customer);
    const outcome = early ?? (await end);
    await this.mailer.goodbye(customer, outcome);
    return outcome;
  }

  /** The signal, or the end of the trial: one of both wins, and every replay knows which. */
  private async subscription(): Promise<TrialOutcome> {
    try {
      await this.durable.signal('subscribe', { timeout: this.terms.length });
      return 'subscribed';
    } catch (error) {
      if (error instanceof WaitTimeoutError) return 'expired';
      throw error;
    }
  }

  private async cancellation(): Promise<TrialOutcome> {
    await this.durable.signal('cancel');
    return 'cancelled';
  }
}
