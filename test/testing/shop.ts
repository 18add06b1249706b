import { Injectable } from '@nestjs/common';
import {
  DurableContext,
  DurableService,
  Handler,
  ObjectState,
  Schedule,
  Shared,
  Step,
  TerminalError,
  VirtualObject,
} from '../../lib/index.js';

export interface Order {
  readonly id: string;
  readonly sku: string;
  readonly euros: number;
}

/** What the outside has seen, which no crash undoes. */
export const ledger: string[] = [];

@Injectable()
export class PaymentGateway {
  @Step({
    retry: { maxAttempts: 3, backoff: 'fixed', initialDelay: '1m', jitter: false },
    compensate: 'refund',
  })
  async charge(order: Order): Promise<{ id: string }> {
    ledger.push(`charge ${order.id}`);
    return { id: `payment-${order.id}` };
  }

  async refund(order: Order): Promise<void> {
    ledger.push(`refund ${order.id}`);
  }

  @Step({ timeout: '30s', retry: { maxAttempts: 1 } })
  async capture(payment: string): Promise<string> {
    ledger.push(`capture ${payment}`);
    return `captured ${payment}`;
  }
}

const INITIAL: Readonly<Record<string, number>> = { book: 3 };

@VirtualObject()
export class Warehouse {
  constructor(
    private readonly state: ObjectState<{ stock: number }>,
    private readonly durable: DurableContext,
  ) {}

  @Handler()
  async stock(count: number): Promise<void> {
    await this.state.set('stock', count);
  }

  @Handler()
  async reserve(): Promise<boolean> {
    const stock = this.state.get('stock') ?? INITIAL[this.durable.key] ?? 0;
    if (stock > 0) await this.state.set('stock', stock - 1);
    return stock > 0;
  }

  @Shared()
  async available(): Promise<number> {
    return this.state.get('stock') ?? 0;
  }
}

@DurableService()
export class OrderService {
  constructor(
    private readonly payments: PaymentGateway,
    private readonly durable: DurableContext,
  ) {}

  /** Pays, reserves, waits for a while, and prints a receipt; without stock it is undone. */
  @Handler()
  async checkout(order: Order): Promise<string> {
    const payment = await this.payments.charge(order);
    const isReserved = await this.durable.call(Warehouse, { key: order.sku }).reserve();
    if (!isReserved) throw new TerminalError('out of stock');
    await this.durable.sleep('2h');
    return this.durable.run('receipt', () => `${payment.id} at ${this.durable.now().toISOString()}`);
  }

  /** Waits a day for somebody to approve. */
  @Handler()
  async approval(order: Order): Promise<string> {
    const answer = await this.durable.signal<string>('approve', { timeout: '1d' }).catch(() => 'nobody');
    return `${order.id}: ${answer} at ${this.durable.now().toISOString()}`;
  }

  @Handler()
  async forEver(): Promise<string> {
    return this.durable.signal<string>('approve');
  }

  @Handler()
  async capture(payment: string): Promise<string> {
    return this.payments.capture(payment);
  }
}

@DurableService()
export class Reports {
  static readonly slots: [slot: string, now: string][] = [];

  constructor(private readonly durable: DurableContext) {}

  @Schedule('0 * * * *', { name: 'hourly' })
  @Handler()
  async hourly(): Promise<void> {
    const { scheduledFor } = this.durable.invocation;
    Reports.slots.push([scheduledFor!.toISOString(), this.durable.now().toISOString()]);
  }
}
