import { setTimeout } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { DurableContext, Step } from 'nestjs-durable';

/** Stands for a payment provider. */
@Injectable()
export class Payments {
  private readonly logger = new Logger(Payments.name);

  constructor(private readonly durable: DurableContext) {}

  @Step({ timeout: '5s' })
  async charge(guest: string, seat: number): Promise<void> {
    const key = this.durable.step?.idempotencyKey;
    this.logger.log(`charge ${guest} for seat ${seat}, idempotency key ${key}`);
    await setTimeout(20, undefined, { signal: this.durable.abortSignal });
  }
}
