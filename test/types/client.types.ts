/* eslint-disable @typescript-eslint/no-unsafe-call -- what does not compile has no type */
/**
 * What the compiler says of calls through the client. Nothing here runs: `tsc` checks it with the other tests, and a
 * wrong use that compiles is an unused `@ts-expect-error`.
 */
import type {
  Calls,
  DurableClient,
  DurableContext,
  InvocationHandle,
  InvocationInfo,
  InvocationPage,
  JournalRecord,
} from '../../lib/index.js';
import { DurableService, Handler, Step } from '../../lib/index.js';
import { applyDecorators, UseInterceptors } from '@nestjs/common';
import { of, type Observable } from 'rxjs';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only if a value has just this type. */
declare function exactly<E>(): <A>(
  value: A,
  ...same: Equal<A, E> extends true ? [] : ['not the same']
) => void;

interface Order {
  readonly id: string;
  readonly total: number;
}

interface Receipt {
  readonly number: bigint;
}

abstract class Base<T> {
  readonly kind: string = 'base';

  @Handler()
  async inherited(value: T): Promise<T[]> {
    return [value];
  }
}

@DurableService()
class Shop extends Base<Order> {
  static of(): Shop {
    return new Shop(1);
  }

  constructor(readonly size: number) {
    super();
  }

  @Handler()
  async checkout(order: Order, note?: string): Promise<Receipt> {
    return { number: BigInt(await this.charge(order)) + (note ? 1n : 0n) };
  }

  @Handler()
  count(): number {
    return this.size;
  }

  @Handler()
  async nothing(): Promise<void> {}

  @Handler()
  async many(first: number, ...rest: string[]): Promise<number> {
    return first + rest.length;
  }

  @Handler()
  stream(): Observable<number> | Promise<number> {
    return Promise.resolve(1);
  }

  @Handler()
  async generic<T extends string>(value: T): Promise<T> {
    return value;
  }

  @Step()
  protected async charge(order: Order): Promise<number> {
    return this.secret(order);
  }

  @Step()
  private async secret(order: Order): Promise<number> {
    return order.total;
  }
}

abstract class AbstractShop {
  abstract open(): Promise<boolean>;
}

declare const client: DurableClient;
declare const context: DurableContext;
declare const order: Order;

/** Right uses, with the exact types of what they give. */
export async function right(): Promise<void> {
  exactly<Receipt>()(await client.call(Shop).checkout(order));
  exactly<Receipt>()(await client.call(Shop).checkout(order, 'fast'));
  exactly<Receipt>()(
    await client.call(Shop, { idempotencyKey: 'k', delay: '5s' }).checkout(order, undefined),
  );
  exactly<number>()(await client.call(Shop).count());
  exactly<number>()(await client.call(Shop).many(1, 'a', 'b'));
  exactly<number>()(await client.call(Shop).stream());
  exactly<Order[]>()(await client.call(Shop).inherited(order));
  exactly<boolean>()(await client.call(AbstractShop).open());
  exactly<string>()(await client.call(Shop).generic('text'));

  const handle = await client.send(Shop, { at: new Date() }).checkout(order);
  exactly<InvocationHandle<Receipt>>()(handle);
  exactly<InvocationHandle<void>>()(await client.send(Shop).nothing());
  exactly<Receipt>()(await handle.result({ timeout: '2m' }));
  exactly<InvocationInfo>()(await handle.status());

  exactly<InvocationHandle<Receipt>>()(client.get<Receipt>('id'));
  exactly<unknown>()(await client.get('id').result());
  exactly<InvocationPage>()(await client.list({ status: 'failed', limit: 10 }));
  exactly<JournalRecord[]>()(await client.journal('id'));

  exactly<number>()(await context.run('total', () => order.total));
  exactly<number[]>()(await context.run('total', async () => [order.total], { timeout: '1s' }));

  // A service is called by its public methods, and by nothing else.
  type Methods = 'checkout' | 'count' | 'nothing' | 'many' | 'stream' | 'generic' | 'inherited';
  exactly<Methods>()({} as keyof Calls<Shop>);
}

/** Wrong uses: each line is an error. */
export async function wrong(): Promise<void> {
  // @ts-expect-error no such method
  await client.call(Shop).chekout(order);
  // @ts-expect-error no such method
  await client.send(Shop).chekout(order);

  // @ts-expect-error another type
  await client.call(Shop).checkout('order');
  // @ts-expect-error a property is missing
  await client.call(Shop).checkout({ id: 'a' });
  // @ts-expect-error another type
  await client.call(Shop).checkout(order, 1);
  // @ts-expect-error an argument is missing
  await client.call(Shop).checkout();
  // @ts-expect-error an argument is missing
  await client.send(Shop).checkout();
  // @ts-expect-error one argument too many
  await client.call(Shop).checkout(order, 'fast', 'more');
  // @ts-expect-error another type
  await client.call(Shop).many('one');
  // @ts-expect-error another type
  await client.call(Shop).inherited('order');

  // @ts-expect-error a protected step
  await client.call(Shop).charge(order);
  // @ts-expect-error a private step
  await client.send(Shop).secret(order);
  // @ts-expect-error a property
  await client.call(Shop).size();
  // @ts-expect-error an inherited property
  await client.call(Shop).kind();
  // @ts-expect-error a static member
  await client.call(Shop).of();

  // @ts-expect-error the result is a Receipt
  const text: string = await client.call(Shop).checkout(order);
  // @ts-expect-error the result is a Receipt
  const handle: InvocationHandle<string> = await client.send(Shop).checkout(order);
  // @ts-expect-error send() gives a handle
  const direct: Receipt = await client.send(Shop).checkout(order);
  // @ts-expect-error the body gives a number
  const total: string = await context.run('total', () => order.total);

  // @ts-expect-error a name is no class
  client.call('Shop');
  // @ts-expect-error an instance is no class
  client.call(new Shop(1));

  // @ts-expect-error no such option
  client.call(Shop, { idempotencykey: 'k' });
  // @ts-expect-error no duration
  client.send(Shop, { delay: '5 seconds' });
  // @ts-expect-error no Date
  client.send(Shop, { at: 'tomorrow' });
  // @ts-expect-error no status
  await client.list({ status: 'done' });
  // @ts-expect-error no duration
  await client.get('id').result({ timeout: 'soon' });

  void [text, handle, direct, total];
}

/** Decorators may be composed. */
export const Retried = (): MethodDecorator =>
  applyDecorators(Step({ retry: { maxAttempts: 9 } }), Handler(), UseInterceptors());

export class Right {
  @Retried()
  async composed(): Promise<void> {}

  async overloaded(of: string): Promise<string>;
  async overloaded(of: number): Promise<number>;
  @Step()
  async overloaded(of: string | number): Promise<string | number> {
    return of;
  }

  @Step()
  private async generic<T>(value: T): Promise<T> {
    return value;
  }

  @Step()
  protected async union(value: number): Promise<number | undefined> {
    return value > 0 ? this.generic(value) : undefined;
  }
}

/** Wrong decorators: each line is an error. */
export class Wrong {
  // @ts-expect-error no such option
  @Handler({ retries: 3 })
  async retries(): Promise<void> {}

  // @ts-expect-error no such backoff
  @Step({ retry: { backoff: 'random' } })
  async backoff(): Promise<void> {}

  // @ts-expect-error no duration
  @Handler({ timeout: '5 seconds' })
  async timeout(): Promise<void> {}

  // @ts-expect-error a field is no method
  @Step()
  readonly field = 1;

  // @ts-expect-error a step gives a promise
  @Step()
  now(): number {
    return 1;
  }

  // @ts-expect-error an observable is none
  @Step()
  stream(): Observable<number> {
    return of(1);
  }

  // @ts-expect-error for classes only
  @DurableService()
  async method(): Promise<void> {}
}
