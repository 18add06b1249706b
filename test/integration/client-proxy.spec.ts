import 'reflect-metadata';
import type { EventEmitter } from 'node:events';
import { type DynamicModule, Inject, Injectable, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ClientsModule } from '@nestjs/microservices';
import { firstValueFrom, type Observable, toArray } from 'rxjs';
import { DataSource } from 'typeorm';
import { DurableClient, DurableModule, DurableService, Handler, TerminalError } from '../../lib/index.js';
import {
  DurableClientProxy,
  type DurableClientProxyOptions,
  DurableRecordBuilder,
  DurableServer,
} from '../../lib/microservice/index.js';
import { Latch } from '../support/latch.js';
import { Servers } from '../support/servers.js';
import { until } from '../support/until.js';

class OutOfStock extends Error {
  override readonly name = 'OutOfStock';
  sku = '';
}

class Unknown extends Error {
  override readonly name = 'Unknown';
}

const ERRORS = [{ class: OutOfStock, fields: ['sku'] }];

@DurableService({ name: 'shop.Orders' })
class Orders {
  static proceed = new Latch();

  @Handler()
  async checkout(order: { sku: string; at: Date }): Promise<unknown> {
    return { sku: order.sku, at: order.at, isDate: order.at instanceof Date };
  }

  @Handler()
  async add(left: number, right: number): Promise<number> {
    return left + right;
  }

  @Handler()
  async nothing(): Promise<void> {}

  @Handler({ retry: { maxAttempts: 1 } })
  async fail(how: string): Promise<never> {
    if (how === 'terminal') throw new TerminalError('refused', { details: { reason: 7 } });
    if (how === 'registered') throw Object.assign(new OutOfStock('none left'), { sku: 'A1' });
    throw new Unknown('who knows');
  }

  @Handler()
  async slow(): Promise<string> {
    await Orders.proceed.wait();
    return 'at last';
  }
}

@Injectable()
class Shop {
  constructor(@Inject('ORDERS') readonly orders: DurableClientProxy) {}
}

class Root {}

describe('a DurableClientProxy, in an application without the classes', () => {
  let servers: Servers;
  let worker: INestApplicationContext;
  let app: INestApplicationContext;
  let orders: DurableClientProxy;
  const others: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    servers = await Servers.open();
    const options = servers.with({ worker: false, errors: ERRORS });
    const module = { module: Root, imports: [DurableModule.forRoot(options)], providers: [Orders] };
    const microservice = await NestFactory.createMicroservice(module, {
      logger: false,
      strategy: new DurableServer(),
    });
    await microservice.listen();
    worker = microservice;
    app = await NestFactory.createApplicationContext(shopOf({ ...servers.address, errors: ERRORS }), {
      logger: false,
    });
    orders = app.get(Shop).orders;
  });

  beforeEach(() => {
    Orders.proceed = new Latch();
  });

  afterEach(async () => {
    Orders.proceed.open();
    await Promise.all(others.splice(0).map(other => other.close()));
  });

  afterAll(async () => {
    await app.close();
    await worker.close();
    await servers.close();
  });

  function shopOf(options: DurableClientProxyOptions): DynamicModule {
    const clients = ClientsModule.register([{ name: 'ORDERS', customClass: DurableClientProxy, options }]);
    return { module: Root, imports: [clients], providers: [Shop] };
  }

  const send = <R>(pattern: unknown, data: unknown): Promise<R> => firstValueFrom(orders.send(pattern, data));

  it('gets the result of a handler, by a pattern of either form', async () => {
    const order = { sku: 'A1', at: new Date(0) };
    const expected = { ...order, isDate: true };
    await expect(send('shop.Orders.checkout', order)).resolves.toEqual(expected);
    await expect(send({ service: 'shop.Orders', handler: 'checkout' }, order)).resolves.toEqual(expected);
  });

  it('passes several arguments, and none, by a record', async () => {
    const two = new DurableRecordBuilder().setArguments([2, 40]).build();
    await expect(send('shop.Orders.add', two)).resolves.toBe(42);
    const values = orders.send('shop.Orders.nothing', new DurableRecordBuilder()).pipe(toArray());
    await expect(firstValueFrom(values)).resolves.toEqual([undefined]);
  });

  it('emits the id of the invocation once its row is committed, and completes', async () => {
    const values: Observable<string[]> = orders
      .emit('shop.Orders.slow', new DurableRecordBuilder())
      .pipe(toArray());
    const [id = ''] = await firstValueFrom(values);
    const handle = orders.unwrap().get(id);
    expect(await handle.status()).toMatchObject({
      service: 'shop.Orders',
      handler: 'slow',
      finishedAt: null,
    });
    Orders.proceed.open();
    await expect(handle.result()).resolves.toBe('at last');
  });

  it('sends once under an idempotency key, and refuses the key for another input', async () => {
    const keyed = (...args: number[]): DurableRecordBuilder =>
      new DurableRecordBuilder().setArguments(args).setOptions({ idempotencyKey: 'once' });
    const first = await firstValueFrom(orders.emit<string>('shop.Orders.add', keyed(1, 2)));
    const again = await firstValueFrom(orders.emit<string>('shop.Orders.add', keyed(1, 2)));
    expect(again).toBe(first);
    await expect(send('shop.Orders.add', keyed(1, 2))).resolves.toBe(3);
    await expect(send('shop.Orders.add', keyed(1, 3))).rejects.toMatchObject({
      code: 'DURABLE_IDEMPOTENCY_CONFLICT',
    });
  });

  it('gets a known result at once of an invocation that another client accepted', async () => {
    const other = new DurableClientProxy(servers.address);
    others.push(other);
    const keyed = new DurableRecordBuilder().setArguments([]).setOptions({ idempotencyKey: 'shared' });
    const first = firstValueFrom(other.send('shop.Orders.slow', keyed));
    await until('it is accepted', async () => (await listed('slow')).length > 1);
    const second = send('shop.Orders.slow', keyed);
    await new Promise(resolve => setTimeout(resolve, 200));
    const opened = performance.now();
    Orders.proceed.open();
    expect(await Promise.all([first, second])).toEqual(['at last', 'at last']);
    expect(performance.now() - opened).toBeLessThan(1_000);
  });

  it('starts no sooner than its delay', async () => {
    const late = new DurableRecordBuilder().setArguments([1, 1]).setOptions({ delay: '300ms' });
    const sent = performance.now();
    await expect(send('shop.Orders.add', late)).resolves.toBe(2);
    expect(performance.now() - sent).toBeGreaterThan(295);
  });

  it('fails with the error of the handler, of its class where that is known', async () => {
    await expect(send('shop.Orders.fail', 'terminal')).rejects.toMatchObject({ details: { reason: 7 } });
    await expect(send('shop.Orders.fail', 'terminal')).rejects.toBeInstanceOf(TerminalError);
    const outOfStock: unknown = await send('shop.Orders.fail', 'registered').catch((error: unknown) => error);
    expect(outOfStock).toBeInstanceOf(OutOfStock);
    expect(outOfStock).toMatchObject({ sku: 'A1', message: 'none left' });
    const unknown: unknown = await send('shop.Orders.fail', 'unknown').catch((error: unknown) => error);
    expect(unknown).toBeInstanceOf(Error);
    expect(unknown).toMatchObject({ name: 'Unknown', message: 'who knows' });
  });

  it('stops waiting when it is unsubscribed from, and the invocation goes on', async () => {
    const before = await listed('slow');
    const values: unknown[] = [];
    const subscription = orders
      .send('shop.Orders.slow', new DurableRecordBuilder())
      .subscribe({ next: value => values.push(value), error: error => values.push(error) });
    await until('it is accepted', async () => (await listed('slow')).length > before.length);
    subscription.unsubscribe();
    Orders.proceed.open();
    const [id = ''] = await listed('slow');
    await expect(orders.unwrap().get(id).result()).resolves.toBe('at last');
    expect(values).toEqual([]);
  });

  it('asks the database no more once nobody waits', async () => {
    const dataSource = await new DataSource({ type: 'postgres', url: servers.database.url }).initialize();
    const proxy = new DurableClientProxy({ postgres: dataSource });
    others.push({ close: () => proxy.close().then(() => dataSource.destroy()) });
    let asked = 0;
    (dataSource.driver as unknown as { master: EventEmitter }).master.on('acquire', () => asked++);
    await proxy.connect();
    asked = 0;
    const subscription = proxy.send('shop.Orders.slow', new DurableRecordBuilder()).subscribe();
    await until('it asks', () => asked > 3);
    subscription.unsubscribe();
    await new Promise(resolve => setTimeout(resolve, 50));
    asked = 0;
    // Without Redis it would ask every second at the least.
    await new Promise(resolve => setTimeout(resolve, 1_200));
    expect(asked).toBe(0);
  });

  it('sends nothing by a wrong pattern, or with what cannot be stored', async () => {
    const count = (await listed()).length;
    await expect(send({ cmd: 'sum' }, 1)).rejects.toMatchObject({ code: 'DURABLE_INVALID_PATTERN' });
    await expect(firstValueFrom(orders.emit('sum', 1))).rejects.toMatchObject({
      code: 'DURABLE_INVALID_PATTERN',
    });
    await expect(send('a b.c', 1)).rejects.toMatchObject({ code: 'DURABLE_INVALID_NAME' });
    await expect(send('shop.Orders.add', () => 1)).rejects.toMatchObject({
      code: 'DURABLE_UNSERIALISABLE_VALUE',
    });
    expect((await listed()).length).toBe(count);
  });

  it('connects with its first message, says so, and closes with the application', async () => {
    const own = await NestFactory.createApplicationContext(shopOf(servers.address), { logger: false });
    others.push(own);
    const proxy = own.get(Shop).orders;
    const statuses: string[] = [];
    proxy.status.subscribe(status => statuses.push(status));
    expect(() => proxy.unwrap()).toThrow(expect.objectContaining({ code: 'DURABLE_CLIENT_CLOSED' }) as Error);
    await firstValueFrom(proxy.send('shop.Orders.nothing', new DurableRecordBuilder()));
    expect(proxy.unwrap()).toBeInstanceOf(DurableClient);
    const waiting = firstValueFrom(proxy.send('shop.Orders.slow', new DurableRecordBuilder()));
    waiting.catch(() => undefined);
    await own.close();
    await expect(waiting).rejects.toMatchObject({ code: 'DURABLE_CLIENT_CLOSED' });
    expect(statuses).toEqual(['connected', 'closed']);
  });

  it('tries anew to connect after a failure', async () => {
    const nowhere = new URL(servers.database.url);
    nowhere.port = '1';
    const proxy = new DurableClientProxy({ postgres: nowhere.href, connectTimeout: 1_000 });
    const unavailable = { code: 'DURABLE_STORE_UNAVAILABLE' };
    await expect(firstValueFrom(proxy.send('a.b', 1))).rejects.toMatchObject(unavailable);
    await expect(proxy.connect()).rejects.toMatchObject(unavailable);
  });

  it.each([
    ['no database', {}, 'postgres'],
    [
      'an option of the module that is of no use to it',
      { postgres: 'postgres://x/y', worker: true },
      'worker',
    ],
    ['a wrong value', { postgres: 'postgres://x/y', namespace: 'a b' }, 'namespace'],
  ])('is not made with %s', (_, options, option) => {
    expect(() => new DurableClientProxy(options as DurableClientProxyOptions)).toThrow(
      expect.objectContaining({ code: 'DURABLE_INVALID_OPTION', option }) as Error,
    );
  });

  async function listed(handler?: string): Promise<string[]> {
    const client = orders.unwrap();
    const { items } = await client.list({ service: 'shop.Orders', ...(handler ? { handler } : {}) });
    return items.map(({ id }) => id);
  }
});
