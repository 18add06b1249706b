import { Injectable, Logger } from '@nestjs/common';
import { Step } from 'nestjs-durable';

/** Stands for a mail provider. */
@Injectable()
export class Mailer {
  private readonly logger = new Logger(Mailer.name);

  @Step()
  async welcome(customer: string): Promise<void> {
    this.logger.log(`welcome, ${customer}`);
  }

  @Step()
  async remind(customer: string): Promise<void> {
    this.logger.log(`your trial ends soon, ${customer}`);
  }

  @Step()
  async goodbye(customer: string, outcome: string): Promise<void> {
    this.logger.log(`your trial is over, ${customer}: ${outcome}`);
  }
}
