import { Injectable, Logger } from '@nestjs/common';
import { Step } from 'nestjs-durable';

/** Stands for wherever reports go. */
@Injectable()
export class Archive {
  private readonly logger = new Logger(Archive.name);

  @Step()
  async store(region: string, period: string): Promise<void> {
    this.logger.log(`report of ${region} for ${period}`);
  }
}
