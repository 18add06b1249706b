import { DurableContext, DurableService, Handler, Step, TerminalError } from '../../lib/index.js';
import { BACKENDS, Stage, type Staged } from '../support/stage.js';
import { until } from '../support/until.js';

const IDS = new Map<string, string>();

@DurableService()
class Payments {
  constructor(private readonly durable: DurableContext) {}

  @Handler({ retry: { maxAttempts: 1 } })
  async pay(order: string, timeout?: number): Promise<unknown> {
    const { id, promise } = this.durable.awakeable(timeout === undefined ? {} : { timeout });
    await this.ask(order, id);
    return promise;
  }

  @Handler()
  async both(order: string): Promise<unknown[]> {
    const [one, other] = [this.durable.awakeable(), this.durable.awakeable()];
    await this.ask(`${order} 1`, one.id);
    await this.ask(`${order} 2`, other.id);
    return Promise.all([one.promise, other.promise]);
  }

  @Step()
  async ask(order: string, id: string): Promise<void> {
    IDS.set(order, id);
  }
}

async function idOf(order: string): Promise<string> {
  await until(`${order} was asked for`, () => IDS.has(order));
  return IDS.get(order) as string;
}

describe.each(BACKENDS)('awakeables on %s', backend => {
  let stage: Stage;
  let one: Staged;
  beforeAll(async () => {
    stage = await Stage.open(backend);
    one = await stage.start({ providers: [Payments] });
  });
  beforeEach(() => IDS.clear());
  afterAll(() => stage.close());

  it('give the value that they are resolved with', async () => {
    const { result } = await one.client.send(Payments).pay('a');
    await one.client.resolveAwakeable(await idOf('a'), { paid: new Date(5), cents: 3n });
    expect(await result({ timeout: '20s' })).toEqual({ paid: new Date(5), cents: 3n });
  });

  it('throw what they are rejected with: a text is a TerminalError', async () => {
    const first = await one.client.send(Payments).pay('b');
    await one.client.rejectAwakeable(await idOf('b'), 'declined');
    await expect(first.result({ timeout: '20s' })).rejects.toThrow(TerminalError);
    await expect(first.result()).rejects.toThrow('declined');
    const second = await one.client.send(Payments).pay('c');
    await one.client.rejectAwakeable(await idOf('c'), new RangeError('too much'));
    await expect(second.result({ timeout: '20s' })).rejects.toThrow(RangeError);
  });

  it('are told apart, and may be completed in any order', async () => {
    const { result } = await one.client.send(Payments).both('d');
    await one.client.resolveAwakeable(await idOf('d 2'), 2);
    await one.client.resolveAwakeable(await idOf('d 1'), 1);
    expect(await result({ timeout: '20s' })).toEqual([1, 2]);
  });

  it('are completed once: the first one wins', async () => {
    const { result } = await one.client.send(Payments).both('e');
    const id = await idOf('e 1');
    const last = await idOf('e 2');
    const completions = Array.from({ length: 20 }, (_, i) =>
      i % 2 === 0 ? one.client.resolveAwakeable(id, i) : one.client.rejectAwakeable(id, `no ${i}`),
    );
    const settled = await Promise.allSettled(completions);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const completion of settled)
      if (completion.status === 'rejected')
        expect(completion.reason).toMatchObject({ code: 'DURABLE_AWAKEABLE_COMPLETED' });
    const winner = settled.findIndex(({ status }) => status === 'fulfilled');
    await one.client.resolveAwakeable(last, 'last');
    if (winner % 2 === 0) expect(await result({ timeout: '20s' })).toEqual([winner, 'last']);
    else await expect(result({ timeout: '20s' })).rejects.toThrow(`no ${winner}`);
  });

  it('keep their id in another process, and can be completed while nobody has them', async () => {
    const { id: invocation } = await one.client.send(Payments).pay('f');
    const id = await idOf('f');
    await one.close();
    const sender = await stage.start({ durable: { worker: false } });
    await sender.client.resolveAwakeable(id, 'paid');
    await sender.close();
    one = await stage.start({ providers: [Payments] });
    expect(await one.client.get(invocation).result({ timeout: '20s' })).toBe('paid');
  });

  it('end with a timeout if they have one, and are then completed in vain', async () => {
    const { result } = await one.client.send(Payments).pay('g', 50);
    await expect(result({ timeout: '20s' })).rejects.toMatchObject({ code: 'DURABLE_WAIT_TIMEOUT' });
    await expect(one.client.resolveAwakeable(await idOf('g'), 1)).rejects.toMatchObject({
      code: 'DURABLE_AWAKEABLE_COMPLETED',
    });
  });

  it('keep the secret of their ids out of the journal that people read', async () => {
    const { id } = await one.client.send(Payments).pay('s');
    const awakeable = await idOf('s');
    const journal = await one.client.journal(id);
    expect(journal[0]).toMatchObject({ kind: 'awakeable', name: '' });
    // Its end is the secret.
    expect(JSON.stringify(journal)).not.toContain(awakeable.slice(-20));
    await one.client.resolveAwakeable(awakeable, 1);
  });

  it('are not found by an id that was changed, or made for another database', async () => {
    await one.client.send(Payments).pay('h');
    const id = await idOf('h');
    const forged = `${id.slice(0, 40)}${id[40] === 'A' ? 'B' : 'A'}${id.slice(41)}`;
    for (const wrong of [forged, '', 'awk_', 'x'.repeat(1_000_000), id.toUpperCase(), `${id}A`, 5 as never]) {
      await expect(one.client.resolveAwakeable(wrong, 1)).rejects.toMatchObject({
        code: 'DURABLE_AWAKEABLE_NOT_FOUND',
      });
      await expect(one.client.rejectAwakeable(wrong, 'no')).rejects.toMatchObject({
        code: 'DURABLE_AWAKEABLE_NOT_FOUND',
      });
    }
    await one.client.resolveAwakeable(id, 1);
  });
});
