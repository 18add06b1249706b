import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { DurableContext, Step, TerminalError } from 'nestjs-durable';
import { CheckoutDto } from './checkout.dto.js';
import { remoteCall } from './remote-call.js';

export interface Parcel {
  readonly id: string;
}

@Injectable()
export class WarehouseService {
  private readonly logger = new Logger(WarehouseService.name);

  constructor(private readonly durable: DurableContext) {}

  /** @throws TerminalError, which is not tried again, when it is out of stock */
  @Step({ timeout: '5s' })
  async reserve(order: CheckoutDto): Promise<Parcel> {
    const key = this.durable.step?.idempotencyKey;
    this.logger.log(`reserve ${order.quantity} x ${order.sku}, idempotency key ${key}`);
    await remoteCall(this.durable.abortSignal);
    if (order.sku === 'sold-out') throw new TerminalError(`${order.sku} is out of stock`);
    return { id: `parcel_${randomUUID()}` };
  }
}
