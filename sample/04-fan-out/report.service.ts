import { Logger } from '@nestjs/common';
import { DurableContext, DurableService, Handler, Step } from 'nestjs-durable';
import { Archive } from './archive.js';
import { ShopService } from './shop.service.js';

export interface Report {
  readonly total: number;
  /** Shops that gave no answer, with the reason. */
  readonly missing: Readonly<Record<string, string>>;
}

export interface Progress {
  readonly answered: readonly string[];
  readonly of: number;
}

@DurableService()
export class ReportService {
  private readonly logger = new Logger(ReportService.name);

  constructor(private readonly durable: DurableContext) {}

  /** Asks all shops at once. Whoever has answered is not asked again, whatever is killed. */
  @Handler()
  async build(title: string, shops: readonly string[]): Promise<Report> {
    const answered: string[] = [];
    const missing: Record<string, string> = {};
    const turnovers = shops.map(async shop => {
      try {
        return await this.durable.call(ShopService).turnover(shop);
      } catch (error) {
        missing[shop] = (error as Error).message;
        return 0;
      } finally {
        answered.push(shop);
        this.durable.set('progress', { answered, of: shops.length } satisfies Progress);
      }
    });
    const total = (await Promise.all(turnovers)).reduce((sum, turnover) => sum + turnover, 0);
    const report = { total, missing };
    // One way: it is accepted together with what this handler does next, and nobody waits for its end.
    await this.durable.send(Archive).keep(title, report);
    return report;
  }

  /** Waits for a report that somebody else has asked for. */
  @Handler()
  async mailTo(reader: string, reportId: string): Promise<void> {
    const { total } = await this.durable.attach<Report>(reportId);
    await this.mail(reader, total);
  }

  @Step()
  async mail(reader: string, total: number): Promise<void> {
    this.logger.log(`mail to ${reader}: ${total} EUR`);
  }
}
