import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { DurableContext, Step } from 'nestjs-durable';
import { CheckoutDto } from './checkout.dto.js';
import { remoteCall } from './remote-call.js';

export interface Payment {
  readonly id: string;
  readonly amount: number;
}

@Injectable()
export class PaymentGateway {
  private readonly logger = new Logger(PaymentGateway.name);

  constructor(private readonly durable: DurableContext) {}

  /** Tried again while the provider is away. After a crash in the middle of it, it runs a second time. */
  @Step({ retry: { maxAttempts: 5, initialDelay: '200ms' }, timeout: '5s' })
  async charge(order: CheckoutDto): Promise<Payment> {
    // The key is the same for every try, so the provider can tell a repeated request from a new one.
    const key = this.durable.step?.idempotencyKey;
    this.logger.log(`charge ${euros(order.amount)} to ${order.email}, idempotency key ${key}`);
    await remoteCall(this.durable.abortSignal);
    return { id: `pay_${randomUUID()}`, amount: order.amount };
  }

  @Step({ retry: { maxAttempts: 10, backoff: 'exponential', maxDelay: '1m' } })
  async refund(payment: Payment): Promise<void> {
    const key = this.durable.step?.idempotencyKey;
    this.logger.log(`refund ${euros(payment.amount)} of ${payment.id}, idempotency key ${key}`);
    await remoteCall(this.durable.abortSignal);
  }
}

function euros(cents: number): string {
  return `${(cents / 100).toFixed(2)} EUR`;
}
