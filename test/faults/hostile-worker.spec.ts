import { v7 as uuid } from 'uuid';
import { DurableContext, DurableService, Handler } from '../../lib/index.js';
import type { Batch, EntryWrite, Lease, Transition } from '../../lib/ports/store.js';
import { Applications, type Running } from '../support/applications.js';
import { Latch } from '../support/latch.js';
import { RedisTransports, SHARED_REDIS } from '../support/redis-transports.js';
import { until } from '../support/until.js';

const EMPTY: Batch = { accepts: [], entries: [], transitions: [], arrivals: [] };

let latch = new Latch();
const bodies: string[] = [];

@DurableService({ name: 'Bank' })
class Bank {
  constructor(private readonly durable: DurableContext) {}

  @Handler()
  async transfer(amount: number): Promise<number> {
    const sent = await this.durable.run('send', async () => {
      bodies.push('send');
      await latch.wait();
      return amount;
    });
    return this.durable.run('book', () => (bodies.push('book'), sent));
  }

  @Handler()
  async approved(): Promise<unknown> {
    const { id, promise } = this.durable.awakeable();
    this.durable.set('awakeable', id);
    const first = await promise;
    await this.durable.signal('end');
    return first;
  }
}

/** The same service as an older version of the application has it: without `approved`. */
@DurableService({ name: 'Bank' })
class OldBank {
  @Handler()
  async transfer(amount: number): Promise<number> {
    return amount;
  }
}

@DurableService({ name: 'Shop' })
class Shop {
  @Handler()
  async sell(): Promise<string> {
    return 'sold';
  }
}

let applications: Applications;
let redis: RedisTransports;
let running: Running;
const start = (definition: Parameters<Applications['start']>[0]): Promise<Running> =>
  applications.start({
    schema: 'bank',
    ...definition,
    durable: { redis: SHARED_REDIS, namespace: redis.namespace, ...definition.durable },
  });
beforeAll(async () => {
  applications = await Applications.open();
  redis = new RedisTransports();
  running = await start({ providers: [Bank] });
});
beforeEach(() => {
  latch = new Latch();
  bodies.splice(0);
});
afterAll(async () => {
  await applications.close();
  await redis.clean();
});

const waits = (id: string, name: string): Promise<void> =>
  until('it waits', async () => (await running.client.query(id, name)) !== undefined);

describe('S38 a hostile or old worker', () => {
  it('writes nothing under an epoch that is not its own: entries, state, outcomes, children', async () => {
    const { client, backend } = running;
    const { id, result } = await client.send(Bank).transfer(5);
    await until('it runs', () => bodies.length > 0);
    const { epoch } = (await backend.store.find(id)) ?? { epoch: NaN };
    const before = await running.rows();
    const forged = [epoch - 1, epoch + 1, 0, -1, 2 ** 31 - 1];
    for (const [at, lease] of forged.map((wrong): [number, Lease] => [
      wrong,
      { invocationId: id, epoch: wrong },
    ])) {
      const answer = await backend.store.commit(forgery(lease));
      expect([at, answer.accepts, answer.entries, answer.transitions]).toEqual([
        at,
        ['fenced'],
        ['fenced'],
        [],
      ]);
      for (const status of ['completed', 'failed', 'suspended', 'scheduled'] as const) {
        const moved = await backend.store.commit({ ...EMPTY, transitions: [move(lease, status)] });
        expect(moved.transitions).toEqual(['fenced']);
      }
    }
    expect(await running.rows()).toEqual(before);
    latch.open();
    expect(await result({ timeout: '20s' })).toBe(5);
    expect(bodies).toEqual(['send', 'book']);
  });

  it('cannot end what is over, or end it in another way', async () => {
    const { client, backend } = running;
    latch.open();
    const { id, result } = await client.send(Bank).transfer(6);
    await result({ timeout: '20s' });
    const over = await backend.store.find(id);
    const lease = { invocationId: id, epoch: over?.epoch ?? NaN };
    const answer = await backend.store.commit({ ...EMPTY, transitions: [move(lease, 'failed')] });
    expect(answer.transitions).toEqual(['fenced']);
    expect((await backend.store.commit(forgery(lease))).entries).toEqual(['fenced']);
    expect(await backend.store.find(id)).toEqual(over);
  });

  it('claims nothing of services that it does not have, whatever ids it knows', async () => {
    const { client, backend } = running;
    const { id } = await client.send(Bank, { delay: '1h' }).transfer(7);
    await applications.query(`UPDATE bank.invocation SET due_at = now() + interval '1 day' WHERE id = $1`, [
      id,
    ]);
    const request = { workerId: 'hostile', services: ['Shop', 'bank', 'Bank ', 'Bank%', '*', ''] };
    expect(await backend.store.claim({ ...request, ids: [id, uuid()] })).toEqual({ claimed: [], early: [] });
    await applications.query(`UPDATE bank.invocation SET due_at = now() WHERE id = $1`, [id]);
    const { claimed } = await backend.store.claimDue({ ...request, limit: 100, overdueMs: 0 });
    expect(claimed).toEqual([]);
    expect(await backend.store.nextDue(request.services)).toBeUndefined();
    latch.open();
    expect(await client.get(id).result({ timeout: '20s' })).toBe(7);
  });

  it('completes no awakeable without its secret, nor one of another invocation, nor one again', async () => {
    const { client, backend } = running;
    const [one, other] = [await client.send(Bank).approved(), await client.send(Bank).approved()];
    for (const { id } of [one, other]) await waits(id, 'awakeable');
    const [entry] = (await backend.store.journals([other.id])).get(other.id) ?? [];
    const token = entry?.name ?? '';
    const complete = async (invocationId: string, index: number, secret: string): Promise<unknown> => {
      const completion = { kind: 'completion', entry: { invocationId, index }, token: secret } as const;
      const arrival = { ...completion, outcome: 'ok', value: '"forged"' } as const;
      return (await backend.store.commit({ ...EMPTY, arrivals: [arrival] })).arrivals[0];
    };
    // The secret of one is none of the other's, and none of another entry.
    for (const [id, index, secret] of [
      [one.id, 0, token],
      [one.id, 0, ''],
      [one.id, 1, token],
      [other.id, 1, token],
      [other.id, 0, token.slice(1)],
      [uuid(), 0, token],
    ] as const)
      expect(await complete(id, index, secret)).toBe('not_found');

    const awakeable = (await client.query<string>(one.id, 'awakeable')) as string;
    await client.resolveAwakeable(awakeable, 'first');
    await client.resolveAwakeable(awakeable, 'replayed').catch(() => undefined);
    await client.resolveAwakeable((await client.query<string>(other.id, 'awakeable')) as string, 'mine');
    for (const { id } of [one, other]) await client.signal(id, 'end');
    expect(await one.result({ timeout: '20s' })).toBe('first');
    expect(await other.result({ timeout: '20s' })).toBe('mine');
    expect(await complete(other.id, 0, token)).not.toBe('ok');
  });

  it('gives back what it does not know, with a pause: nothing fails, nothing is lost, no attempt is counted', async () => {
    const old = await start({ schema: 'mixed', providers: [OldBank] });
    const sender = await start({ schema: 'mixed', durable: { worker: false } });
    const { id } = await sender.client.send(Bank).approved();
    const record = async () =>
      (await sender.client.get(id).status()) as { dueAt: Date | null; status: string };
    await until('it was given back', async () => {
      const { status, dueAt } = await record();
      return status === 'scheduled' && Number(dueAt) > Date.now() + 5_000;
    });
    expect(await record()).toMatchObject({
      status: 'scheduled',
      failedAttempts: 0,
      deaths: 0,
      error: null,
    });
    await old.close();

    const current = await start({ schema: 'mixed', providers: [Bank] });
    await applications.query(`UPDATE mixed.invocation SET due_at = now() WHERE id = $1`, [id]);
    await until('it waits', async () => (await sender.client.query(id, 'awakeable')) !== undefined, 20_000);
    await sender.client.resolveAwakeable(
      (await sender.client.query<string>(id, 'awakeable')) as string,
      'done',
    );
    await sender.client.signal(id, 'end');
    expect(await sender.client.get(id).result({ timeout: '20s' })).toBe('done');
    expect(await record()).toMatchObject({ status: 'completed', failedAttempts: 0, deaths: 0 });
    await current.close();
    await sender.close();
  }, 60_000);

  it('says false things in Redis, and nothing comes of them', async () => {
    const { client } = running;
    const shop = await start({ providers: [Shop] });
    const waiting = await client.send(Bank).approved();
    await waits(waiting.id, 'awakeable');
    const before = await running.rows();
    const connection = redis.connect();
    const lies = [waiting.id, uuid(), 'no id', "'; DROP TABLE invocation", '', '\u0000', 'x'.repeat(10_000)];
    for (const lie of lies) {
      // Of a service that has it, and of one that has not.
      for (const service of ['Bank', 'Shop']) await connection.xadd(redis.streamOf(service), '*', 'id', lie);
      await connection.xadd(redis.streamOf('Bank'), '*', lie || 'other', 'field');
      await connection.zadd(redis.dueKey, 0, `Bank ${lie}`);
      await connection.zadd(redis.dueKey, 0, lie);
    }
    const read = async (service: string): Promise<boolean> => {
      const groups = (await connection.xinfo('GROUPS', redis.streamOf(service))) as unknown[][];
      const info = groups[0] ?? [];
      const isEmpty = (await connection.xlen(redis.streamOf(service))) === 0;
      return info[info.indexOf('pending') + 1] === 0 && isEmpty;
    };
    for (const service of ['Bank', 'Shop'])
      await until(`all lies to ${service} were heard`, () => read(service), 20_000);
    const isPast = async (): Promise<boolean> => (await connection.zcount(redis.dueKey, '-inf', 0)) === 0;
    await until('what they say of due times was heard', isPast, 20_000);
    expect(await running.rows()).toEqual(before);
    expect(await client.call(Bank, { timeout: '20s' }).transfer(await opened())).toBe(8);
    expect(await shop.client.call(Shop, { timeout: '20s' }).sell()).toBe('sold');
    await client.kill(waiting.id);
    await shop.close();
  }, 60_000);
});

async function opened(): Promise<number> {
  latch.open();
  return 8;
}

/** All that an attempt may write of an invocation, but for its end. */
function forgery(lease: Lease): Batch {
  const child = {
    ...{ id: uuid(), service: 'Bank', handler: 'transfer', input: '[1]', origin: 'hostile', delayMs: 0 },
    ...{ deadline: null, at: null, owner: null, object: null, exclusive: false },
  };
  const entry: EntryWrite = {
    lease,
    index: 0,
    kind: 'step',
    name: 'send',
    calledAfter: 0,
    seq: 0,
    outcome: 'ok',
    value: '"forged"',
    tries: 0,
    dueInMs: null,
    durationMs: null,
  };
  return { ...EMPTY, accepts: [{ ...child, parent: { lease, index: null } }], entries: [entry] };
}

function move(lease: Lease, status: Transition['status']): Transition {
  const dueInMs = status === 'scheduled' ? 0 : null;
  const end = {
    output: status === 'completed' ? '"forged"' : null,
    error: status === 'failed' ? '{}' : null,
  };
  return {
    lease,
    status,
    ...end,
    failedEntry: null,
    dueInMs,
    failedAttempt: false,
    wakes: 99,
    parent: null,
    holds: null,
  };
}
