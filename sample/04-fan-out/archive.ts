import { Logger } from '@nestjs/common';
import { DurableService, Handler, Step } from 'nestjs-durable';
import type { Report } from './report.service.js';

@DurableService()
export class Archive {
  private readonly logger = new Logger(Archive.name);

  @Handler()
  async keep(title: string, report: Report): Promise<void> {
    await this.store(title, report);
  }

  @Step()
  async store(title: string, { total }: Report): Promise<void> {
    this.logger.log(`archived ${title}: ${total} EUR`);
  }
}
