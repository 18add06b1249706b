import { DurableContext, DurableService, Handler } from '../../lib/index.js';
import { BACKENDS, Stage, type Staged } from '../support/stage.js';
import { until } from '../support/until.js';

@DurableService()
class Approvals {
  constructor(private readonly durable: DurableContext) {}

  @Handler()
  async collect(count: number): Promise<unknown[]> {
    const values: unknown[] = [];
    for (let i = 0; i < count; i++) values.push(await this.durable.signal('approve'));
    return values;
  }

  @Handler()
  async late(ms: number): Promise<unknown[]> {
    await this.durable.sleep(ms);
    return [await this.durable.signal('approve'), await this.durable.signal('other')];
  }

  @Handler()
  async patient(ms: number): Promise<string> {
    try {
      return `got ${String(await this.durable.signal('approve', { timeout: ms }))}`;
    } catch (error) {
      const { code } = error as { code: string };
      return `${code}, then ${String(await this.durable.signal('approve'))}`;
    }
  }
}

describe.each(BACKENDS)('signals on %s', backend => {
  let stage: Stage;
  let one: Staged;
  beforeAll(async () => {
    stage = await Stage.open(backend);
    one = await stage.start({ providers: [Approvals] });
  });
  afterAll(() => stage.close());

  it('come to who waits for them, in their order, with their values', async () => {
    const { id, result } = await one.client.send(Approvals).collect(3);
    const values = [new Date(5), undefined, { a: [1n] }];
    for (const value of values) await one.client.signal(id, 'approve', value);
    expect(await result({ timeout: '20s' })).toEqual(values);
  });

  it('are kept until somebody waits, each name by itself', async () => {
    const { id, result } = await one.client.send(Approvals).late(300);
    await one.client.signal(id, 'other', 1);
    await one.client.signal(id, 'approve', 2);
    expect(await result({ timeout: '20s' })).toEqual([2, 1]);
  });

  it('are kept before the invocation has started, too', async () => {
    const { id, result } = await one.client.send(Approvals, { delay: 200 }).collect(2);
    await Promise.all([one.client.signal(id, 'approve', 'a'), one.client.signal(id, 'approve', 'a')]);
    expect(await result({ timeout: '20s' })).toEqual(['a', 'a']);
  });

  it('arrive once under an idempotency key, each name by itself', async () => {
    const { id, result } = await one.client.send(Approvals).collect(3);
    const again = { idempotencyKey: 'k' };
    await one.client.signal(id, 'approve', 1, again);
    await one.client.signal(id, 'approve', 1, again);
    await one.client.signal(id, 'elsewhere', 9, again);
    await one.client.signal(id, 'approve', 2, { idempotencyKey: 'l' });
    await one.client.signal(id, 'approve', 3);
    expect(await result({ timeout: '20s' })).toEqual([1, 2, 3]);
  });

  it('may come with the start, once for an idempotency key', async () => {
    const options = { idempotencyKey: `start ${backend}`, signal: { name: 'approve', value: 'first' } };
    const one1 = await one.client.send(Approvals, options).collect(2);
    const again = await one.client.send(Approvals, options).collect(2);
    expect(again.id).toBe(one1.id);
    await one.client.signal(one1.id, 'approve', 'second');
    expect(await one1.result({ timeout: '20s' })).toEqual(['first', 'second']);
    expect(await one.client.call(Approvals, { ...options, timeout: '20s' }).collect(2)).toEqual([
      'first',
      'second',
    ]);
  });

  it('that come in time win over the timeout; those that do not stay for the next', async () => {
    const inTime = await one.client.send(Approvals).patient(10_000);
    await one.client.signal(inTime.id, 'approve', 1);
    expect(await inTime.result({ timeout: '20s' })).toBe('got 1');
    const late = await one.client.send(Approvals).patient(50);
    await until('it has heard of its timeout', async () =>
      (await one.client.journal(late.id)).some(({ kind, outcome }) => kind === 'sleep' && outcome === 'ok'),
    );
    await one.client.signal(late.id, 'approve', 2);
    expect(await late.result({ timeout: '20s' })).toBe('DURABLE_WAIT_TIMEOUT, then 2');
  });

  it('have one winner against a timeout at the same instant, whatever it is, and none is lost', async () => {
    const results = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const handle = await one.client.send(Approvals).patient(60);
        await new Promise(resolve => setTimeout(resolve, 40 + i));
        await one.client.signal(handle.id, 'approve', i);
        return handle.result({ timeout: '20s' });
      }),
    );
    for (const [i, result] of results.entries())
      expect([`got ${i}`, `DURABLE_WAIT_TIMEOUT, then ${i}`]).toContain(result);
  });

  it('survive the process that waits', async () => {
    const { id } = await one.client.send(Approvals).collect(3);
    await one.client.signal(id, 'approve', 1);
    await until('the first was taken', async () =>
      (await one.client.journal(id)).some(({ index, outcome }) => index === 0 && outcome === 'ok'),
    );
    await one.client.signal(id, 'approve', 2);
    await one.close();
    one = await stage.start({ providers: [Approvals] });
    await one.client.signal(id, 'approve', 3);
    expect(await one.client.get(id).result({ timeout: '20s' })).toEqual([1, 2, 3]);
  });

  it('are refused by an invocation that is over, or never was', async () => {
    const { id, result } = await one.client.send(Approvals).collect(0);
    await result({ timeout: '20s' });
    await expect(one.client.signal(id, 'approve')).rejects.toMatchObject({ code: 'DURABLE_INVOCATION_OVER' });
    for (const unknown of ['0193a0a0-0000-7000-8000-000000000000', 'x', ''])
      await expect(one.client.signal(unknown, 'approve')).rejects.toMatchObject({
        code: 'DURABLE_INVOCATION_NOT_FOUND',
      });
  });
});
