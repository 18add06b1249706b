import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { DurableContext, Step } from 'nestjs-durable';
import type { Trip } from '../trip.js';

/** Stands for the systems of others: each request takes a second. */
@Injectable()
export class BookingGateway {
  private readonly logger = new Logger(BookingGateway.name);

  constructor(private readonly durable: DurableContext) {}

  @Step({ retry: { maxAttempts: 5, initialDelay: '200ms' }, timeout: '10s' })
  flight({ number, from, to }: Trip): Promise<string> {
    return this.book('flight', `${number}: ${from} to ${to}`);
  }

  @Step({ retry: { maxAttempts: 5, initialDelay: '200ms' }, timeout: '10s' })
  hotel({ number, to, nights }: Trip): Promise<string> {
    return this.book('hotel', `${number}: ${nights} nights in ${to}`);
  }

  @Step({ retry: { maxAttempts: 5, initialDelay: '200ms' }, timeout: '10s' })
  car({ number, to }: Trip): Promise<string> {
    return this.book('car', `${number}: in ${to}`);
  }

  private async book(kind: string, what: string): Promise<string> {
    // The key is the same for every try, so the other side can tell a repeated request from a new one.
    this.logger.log(`${kind} of trip ${what}, idempotency key ${this.durable.step?.idempotencyKey}`);
    await setTimeout(1_000, undefined, { signal: this.durable.abortSignal });
    this.logger.log(`${kind} of trip ${what} is booked`);
    return `${kind}-${randomUUID()}`;
  }
}
