import { Injectable, Logger } from '@nestjs/common';
import { Step } from 'nestjs-durable';

@Injectable()
export class Mailer {
  private readonly logger = new Logger('Mailer');

  @Step()
  async send(email: string, subject: string): Promise<void> {
    this.logger.log(`mail to ${email}: ${subject}`);
  }
}
