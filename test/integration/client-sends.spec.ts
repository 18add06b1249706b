import {
  DurableService,
  Handler,
  IdempotencyConflictError,
  type InvocationHandle,
  Step,
} from '../../lib/index.js';
import { Applications, type Running } from '../support/applications.js';
import { Recorder } from '../support/recorder.js';
import { until } from '../support/until.js';

const STARTED: { id: string; at: number }[] = [];

@DurableService({ name: 'orders' })
class Orders {
  constructor(private readonly recorder: Recorder) {}

  @Handler()
  async place(order: Record<string, unknown>): Promise<string> {
    this.recorder.note(`placed ${String(order.id)}`);
    return `placed ${String(order.id)}`;
  }

  @Handler({ name: 'cancel' })
  async withdraw(order: Record<string, unknown>): Promise<string> {
    return `cancelled ${String(order.id)}`;
  }

  @Handler()
  async stamp(id: string): Promise<void> {
    STARTED.push({ id, at: Date.now() });
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async failing(): Promise<void> {
    throw new Error('no');
  }

  @Step()
  async step(): Promise<void> {}
}

let applications: Applications;
let worker: Running;
let sender: Running;
beforeAll(async () => {
  applications = await Applications.open();
  worker = await applications.start({ providers: [Orders, Recorder] });
  sender = await applications.start({ schema: worker.schema, durable: { worker: false } });
});
afterAll(() => applications.close());

const MAKERS = [
  ['with a worker', () => worker],
  ['without a worker', () => sender],
] as const;

describe.each(MAKERS)('an idempotency key, in a process %s', (where, running) => {
  const send = (key: string, order: Record<string, unknown>): Promise<InvocationHandle<string>> =>
    running()
      .client.send(Orders, { idempotencyKey: `${where} ${key}` })
      .place(order);

  it('gives the same invocation and its result, before and after its end', async () => {
    const one = await send('same', { id: 1 });
    const two = await send('same', { id: 1 });
    expect(two.id).toBe(one.id);
    expect(await Promise.all([one.result(), two.result()])).toEqual(['placed 1', 'placed 1']);
    const late = await send('same', { id: 1 });
    expect(late.id).toBe(one.id);
    expect(await late.result()).toBe('placed 1');
    const called = running().client.call(Orders, { idempotencyKey: `${where} same` });
    expect(await called.place({ id: 1 })).toBe('placed 1');
  });

  it('is one for all processes', async () => {
    const key = `${where} everywhere`;
    const both = [sender, worker].map(({ client }) =>
      client.send(Orders, { idempotencyKey: key }).place({ id: 2 }),
    );
    const [one, other] = await Promise.all(both);
    expect(one?.id).toBe(other?.id);
    expect(await Promise.all([one?.result(), other?.result()])).toEqual(['placed 2', 'placed 2']);
  });

  it('does not care for the order of properties, but for types and absence', async () => {
    const order = { id: 3, items: { a: 1, b: [new Date(0), 2n] } };
    const one = await send('order', order);
    const same = { items: { b: [new Date(0), 2n], a: 1 }, id: 3 };
    expect((await send('order', same)).id).toBe(one.id);
    for (const other of [
      { ...order, more: undefined },
      { id: '3', items: order.items },
      { id: 3, items: { a: 1, b: [new Date(1), 2n] } },
      { id: 3, items: { a: 1, b: [0, 2n] } },
    ]) {
      await expect(send('order', other)).rejects.toThrow(IdempotencyConflictError);
    }
  });

  it('with another input is a conflict, which names the invocation, and writes nothing', async () => {
    const { id } = await send('conflict', { id: 4 });
    const before = await running().rows();
    await expect(send('conflict', { id: 5 })).rejects.toMatchObject({
      code: 'DURABLE_IDEMPOTENCY_CONFLICT',
      key: `${where} conflict`,
      invocationId: id,
    });
    const delayed = running().client.send(Orders, { idempotencyKey: `${where} conflict`, delay: 1 });
    await expect(delayed.place({ id: 6 })).rejects.toThrow(IdempotencyConflictError);
    expect(await running().rows()).toEqual(before);
  });

  it('belongs to its handler', async () => {
    const { id } = await send('handlers', { id: 7 });
    const other = running().client.send(Orders, { idempotencyKey: `${where} handlers` });
    expect((await other.withdraw({ id: 7 })).id).not.toBe(id);
  });

  it('is accepted once by 50 sends at the same time', async () => {
    const recorder = worker.app.get(Recorder);
    const id = `at once ${where}`;
    const before = (await running().rows()).invocations;
    const handles = await Promise.all(Array.from({ length: 50 }, () => send('at once', { id })));
    expect(new Set(handles.map(handle => handle.id)).size).toBe(1);
    const results = await Promise.all(handles.map(handle => handle.result()));
    expect(new Set(results)).toEqual(new Set([`placed ${id}`]));
    expect((await running().rows()).invocations).toBe(before + 1);
    expect(recorder.count(`placed ${id}`)).toBe(1);
  });

  it('leaves no slot taken: as many invocations run after conflicts as before', async () => {
    const narrow = await applications.start({
      providers: [Orders, Recorder],
      durable: { worker: { concurrency: 2 } },
    });
    const options = { idempotencyKey: 'k' };
    await narrow.client.call(Orders, options).place({ id: 1 });
    for (let again = 0; again < 5; again++) {
      await narrow.client.send(Orders, options).place({ id: 1 });
      await narrow.client
        .send(Orders, options)
        .place({ id: 2 })
        .catch(() => undefined);
    }
    const { worker: slots } = narrow.backend.local;
    // The sweep takes all that are free while it asks.
    await until('both slots are free', () => {
      const free = [slots.reserve(), slots.reserve()].filter(Boolean);
      for (const _ of free) slots.adopt(undefined);
      return free.length === 2;
    });
    await narrow.close();
  });
});

describe('arguments', () => {
  it('are taken as they are at the call, whatever the caller does with them after it', async () => {
    const order = { id: 1 };
    const sent = worker.client.send(Orders).place(order);
    order.id = 2;
    expect(await (await sent).result()).toBe('placed 1');
  });
});

describe('a delay', () => {
  it.each(MAKERS)('starts nothing early by the clock of the database: %s', async (where, from) => {
    const running = from();
    const sends = [0, 1, 40, 150].flatMap(delay => [
      { id: `${where} delay ${delay}`, options: { delay } },
      { id: `${where} at ${delay}`, options: { at: new Date(Date.now() + delay) } },
    ]);
    const handles = await Promise.all(
      sends.map(({ id, options }) => running.client.send(Orders, options).stamp(id)),
    );
    await Promise.all(handles.map(handle => handle.result({ timeout: '10s' })));
    for (const [index, { options }] of sends.entries()) {
      const [row] = await applications.query<{ waited: number; claimed: Date }>(
        `SELECT extract(epoch from claimed_at - created_at) * 1000 AS waited, claimed_at AS claimed
         FROM ${worker.schema}.invocation WHERE id = $1`,
        [handles[index]?.id],
      );
      if ('at' in options) expect(Number(row?.claimed)).toBeGreaterThanOrEqual(Number(options.at));
      else expect(Number(row?.waited)).toBeGreaterThanOrEqual(options.delay - 1);
    }
  });

  it('is seen in the status, with its due time', async () => {
    const handle = await sender.client.send(Orders, { delay: '1h' }).place({ id: 1 });
    const { status, dueAt, createdAt, worker: owner } = await handle.status();
    expect({ status, owner }).toEqual({ status: 'scheduled', owner: null });
    expect(Number(dueAt) - Number(createdAt)).toBeGreaterThanOrEqual(3_600_000 - 1_000);
    const at = new Date(Date.now() + 86_400_000);
    const dated = await worker.client.send(Orders, { at }).place({ id: 1 });
    expect((await dated.status()).dueAt).toEqual(at);
  });

  it('that is over starts at once', async () => {
    const past = new Date(Date.now() - 86_400_000);
    for (const { client } of [worker, sender]) {
      expect(await client.call(Orders, { at: past }).place({ id: 1 })).toBe('placed 1');
      expect(await client.call(Orders, { delay: 0 }).place({ id: 1 })).toBe('placed 1');
    }
  });

  it('may be longer than a timer of Node can be, and starts nothing', async () => {
    const handles = [
      await worker.client.send(Orders, { delay: '40d' }).stamp('far'),
      await worker.client.send(Orders, { at: new Date(Date.now() + 40 * 86_400_000) }).stamp('far'),
    ];
    await worker.client.call(Orders, { delay: 60 }).place({ id: 1 });
    for (const handle of handles) expect((await handle.status()).status).toBe('scheduled');
    expect(STARTED.filter(({ id }) => id === 'far')).toEqual([]);
  });
});
