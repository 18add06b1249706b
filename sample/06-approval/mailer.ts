import { Injectable, Logger } from '@nestjs/common';
import { Step } from 'nestjs-durable';
import { PurchaseDto } from './purchase.dto.js';

/** Stands for a mail provider. */
@Injectable()
export class Mailer {
  private readonly logger = new Logger(Mailer.name);

  /** The id in the link is all that is needed to answer. It cannot be guessed, and is safe in a URL. */
  @Step()
  async askForApproval(approver: string, { item, amount }: PurchaseDto, awakeableId: string): Promise<void> {
    this.logger.log(
      `to ${approver}: may we buy ${item} for ${amount} EUR? /webhooks/approvals/${awakeableId}`,
    );
  }
}
