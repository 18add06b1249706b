import {
  DurableService,
  Handler,
  type InvocationInfo,
  type InvocationPage,
  InvalidOptionError,
  NotAHandlerError,
  NotRegisteredError,
  Step,
  UnknownHandlerError,
} from '../../lib/index.js';
import { Applications, type Running } from '../support/applications.js';

@DurableService({ name: 'orders' })
class Orders {
  @Handler()
  async place(n: number): Promise<number> {
    return n;
  }
  @Handler({ name: 'drop', retry: { maxAttempts: 1 } })
  async remove(): Promise<void> {
    throw new RangeError('no');
  }
  @Step()
  async step(): Promise<void> {}
  plain(): void {}
}

@DurableService()
class Parcels {
  @Handler()
  async send(): Promise<void> {}
}

@DurableService()
class Forgotten {
  @Handler()
  async run(): Promise<void> {}
}

class Undecorated {
  async run(): Promise<void> {}
}

let applications: Applications;
let worker: Running;
let sender: Running;
beforeAll(async () => {
  applications = await Applications.open();
  worker = await applications.start({ providers: [Orders, Parcels] });
  sender = await applications.start({ schema: worker.schema, durable: { worker: false } });
});
afterAll(() => applications.close());

describe('list', () => {
  async function pages(options: Parameters<Running['client']['list']>[0]): Promise<InvocationPage[]> {
    const found: InvocationPage[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await sender.client.list({ ...options, ...(cursor !== undefined && { cursor }) });
      found.push(page);
      cursor = page.cursor;
      if (cursor === undefined) return found;
    }
  }

  const ids = (items: readonly InvocationInfo[]): string[] => items.map(({ id }) => id);

  beforeAll(async () => {
    const sends = Array.from({ length: 250 }, (_, n) => sender.client.send(Orders, { delay: '1d' }).place(n));
    await Promise.all(sends);
    // As if one transaction had accepted them all.
    await applications.query(
      `UPDATE ${worker.schema}.invocation SET created_at = '2026-01-01T00:00:00.123Z'`,
    );
    await worker.client.call(Orders).place(1);
    await worker.client.call(Parcels).send();
    await worker.client
      .call(Orders)
      .remove()
      .catch(() => undefined);
  });

  it.each([1, 7, 50, 125, 250, 1000])('gives every invocation once, page by page of %i', async limit => {
    const found = await pages({ service: 'orders', handler: 'place', limit });
    const items = found.flatMap(page => page.items);
    expect(items).toHaveLength(251);
    expect(new Set(ids(items)).size).toBe(251);
    for (const page of found.slice(0, -1)) expect(page.items).toHaveLength(limit);
    const order = items.map(({ createdAt, id }) => `${createdAt.toISOString()} ${id}`);
    expect(order).toEqual([...order].sort().reverse());
  });

  it('is not confused by what is accepted while someone pages', async () => {
    const first = await sender.client.list({ handler: 'place', status: 'scheduled', limit: 100 });
    await sender.client.send(Orders, { delay: '1d' }).place(251);
    const rest = await pages({
      handler: 'place',
      status: 'scheduled',
      limit: 100,
      cursor: first.cursor as string,
    });
    expect(rest.flatMap(page => page.items)).toHaveLength(150);
  });

  it('filters by service, handler, status and time', async () => {
    const list = async (options: object): Promise<string[]> =>
      (await worker.client.list({ ...options, limit: 10 })).items.map(
        ({ service, handler, status }) => `${service} ${handler} ${status}`,
      );
    expect(await list({ service: 'Parcels' })).toEqual(['Parcels send completed']);
    expect(await list({ handler: 'drop' })).toEqual(['orders drop failed']);
    expect(await list({ status: 'completed' })).toEqual(['Parcels send completed', 'orders place completed']);
    expect(await list({ status: 'paused' })).toEqual([]);
    expect(await list({ service: 'nobody' })).toEqual([]);
    const since = new Date('2026-01-01T00:00:00.124Z');
    expect(await list({ since, status: 'scheduled' })).toEqual(['orders place scheduled']);
    expect(await list({ since: new Date('2026-01-01T00:00:00.123Z'), status: 'scheduled' })).toHaveLength(10);
    for (const late of [Date.now() + 60_000, 8.64e15])
      expect(await list({ since: new Date(late) })).toEqual([]);
    for (const early of [0, -8.64e15]) expect(await list({ since: new Date(early) })).toHaveLength(10);
  });

  it('says of each what status() says', async () => {
    const [item] = (await worker.client.list({ handler: 'drop' })).items as [InvocationInfo];
    expect(item).toMatchObject({ failedAttempts: 1, deaths: 0, worker: null, dueAt: null });
    expect(item.error).toBeInstanceOf(RangeError);
    expect(item.finishedAt).toBeInstanceOf(Date);
    expect(await worker.client.get(item.id).status()).toEqual(item);
  });

  it('gives 50 without a limit', async () => {
    const page = await worker.client.list();
    expect(page.items).toHaveLength(50);
    expect(page.cursor).toEqual(expect.any(String));
  });

  it.each([
    ['cursor', 'garbage'],
    ['cursor', ''],
    ['cursor', Buffer.from('1_not-a-uuid').toString('base64url')],
    ['cursor', Buffer.from(`${'9'.repeat(16)}_0198ffff-ffff-7fff-8fff-ffffffffffff`).toString('base64url')],
    ['cursor', Buffer.from('999999999999999_0198ffff-ffff-7fff-8fff-ffffffffffff').toString('base64url')],
    ['cursor', 1],
    ['limit', 0],
    ['limit', 1001],
    ['limit', 1.5],
    ['status', 'done'],
    ['since', '2026-01-01'],
    ['since', new Date(NaN)],
    ['service', 1],
    ['sevice', 'orders'],
  ])('refuses %s: %p', async (option, value) => {
    const error: unknown = await worker.client.list({ [option]: value }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect((error as InvalidOptionError).message).toContain(option);
  });
});

describe('what a client can call', () => {
  it('is a handler: a step and a plain method are not', async () => {
    const before = await worker.rows();
    for (const { client } of [worker, sender]) {
      const step = client.send(Orders).step();
      await expect(step).rejects.toThrow(NotAHandlerError);
      await expect(step).rejects.toMatchObject({
        code: 'DURABLE_NOT_A_HANDLER',
        className: 'Orders',
        method: 'step',
        known: ['place', 'remove'],
      });
      await expect(client.call(Orders).plain()).rejects.toThrow(NotAHandlerError);
    }
    expect(await worker.rows()).toEqual(before);
  });

  it('exists', async () => {
    type Untyped = Record<string, () => Promise<unknown>>;
    for (const method of ['plase', 'constructor', 'toString', '__proto__', 'drop']) {
      const calls = worker.client.call(Orders) as unknown as Untyped;
      const error: unknown = await calls[method]?.().catch((thrown: unknown) => thrown);
      expect([UnknownHandlerError, NotAHandlerError].some(type => error instanceof type)).toBe(true);
    }
  });

  it('belongs to a durable service', async () => {
    for (const { client } of [worker, sender]) {
      await expect(client.send(Undecorated).run()).rejects.toMatchObject({
        code: 'DURABLE_NOT_REGISTERED',
        reason: 'not_decorated',
      });
    }
  });

  it('belongs to a class that the application provides, if it works: nobody else might', async () => {
    const before = await worker.rows();
    await expect(worker.client.send(Forgotten).run()).rejects.toThrow(NotRegisteredError);
    expect(await worker.rows()).toEqual(before);
    // An application that only dispatches needs the class, and not its providers.
    expect((await (await sender.client.send(Forgotten).run()).status()).service).toBe('Forgotten');
  });

  it('is no promise, so that it can be kept and awaited by mistake', async () => {
    const calls = worker.client.call(Parcels);
    expect(await Promise.resolve(calls)).toBe(calls);
    expect(() => `${String(Object.prototype.toString.call(calls))}`).not.toThrow();
  });
});
