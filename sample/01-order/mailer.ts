import { Injectable, Logger } from '@nestjs/common';
import { DurableContext, Step } from 'nestjs-durable';
import { CheckoutDto } from './checkout.dto.js';
import type { Receipt } from './order.service.js';
import { remoteCall } from './remote-call.js';

@Injectable()
export class Mailer {
  private readonly logger = new Logger(Mailer.name);

  constructor(private readonly durable: DurableContext) {}

  @Step({ timeout: '5s' })
  async confirm(order: CheckoutDto, receipt: Receipt): Promise<void> {
    const key = this.durable.step?.idempotencyKey;
    this.logger.log(`confirm ${receipt.number} to ${order.email}, idempotency key ${key}`);
    await remoteCall(this.durable.abortSignal);
  }
}
