import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DurableClient, DurableService, Handler, Step } from '../../lib/index.js';
import { FAULT_POINTS } from '../../lib/runtime/fault-points.js';
import { Latch } from '../support/latch.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { Booking, SharedStage, type SharedApplication } from '../support/shared-stage.js';
import { until } from '../support/until.js';

type Body = (name: string, tries: number) => Promise<unknown>;

let body: Body;
const tries = new Map<string, number>();
const total = (): number => [...tries.values()].reduce((sum, n) => sum + n, 0);

@Injectable()
class Bookings {
  @Step({ transaction: { isolation: 'SERIALIZABLE' }, retry: { maxAttempts: 1 } })
  async strict(name: string): Promise<unknown> {
    return this.run(name);
  }

  @Step({ transaction: true, retry: { maxAttempts: 1 } })
  async plain(name: string): Promise<unknown> {
    return this.run(name);
  }

  private run(name: string): Promise<unknown> {
    const n = (tries.get(name) ?? 0) + 1;
    tries.set(name, n);
    return body(name, n);
  }
}

@DurableService()
class Trips {
  constructor(private readonly bookings: Bookings) {}

  @Handler({ retry: { maxAttempts: 1 } })
  async strict(name: string): Promise<unknown> {
    return this.bookings.strict(name);
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async plain(name: string): Promise<unknown> {
    return this.bookings.plain(name);
  }
}

interface Client {
  readonly connection: { readonly stream: { pause(): void; destroy(): void } };
}

describe('a step with a transaction that meets another', () => {
  let stage: SharedStage;
  let one: SharedApplication;
  let logger: RecordingLogger;
  let reach: (point: string) => void | Promise<void>;

  beforeAll(async () => {
    stage = await SharedStage.open('PostgreSQL');
    logger = new RecordingLogger();
    const durable: object = { [FAULT_POINTS]: (point: string) => reach(point) };
    one = await stage.start({ providers: [Bookings, Trips], logger, durable });
  });
  beforeEach(async () => {
    reach = () => undefined;
    tries.clear();
    logger.lines.length = 0;
    await one.dataSource.query('delete from booking');
  });
  afterAll(() => stage.close());

  /** The first time that both are here, both go on. */
  function meeting(): (n: number) => Promise<void> {
    const met = new Latch();
    let here = 0;
    return async n => {
      if (n === 1 && ++here === 2) met.open();
      if (n === 1) await met.wait();
    };
  }

  const journal = async (): Promise<{ name: string; tries: number; outcome: string }[]> =>
    one.dataSource.query('select name, tries, outcome from durable.entry order by written_at desc limit 2');

  it('is run again at once when it could not be serialized, which is no failed try', async () => {
    const meet = meeting();
    body = async (name, n) => {
      const rows = await one.dataSource.getRepository(Booking).count();
      await meet(n);
      await one.dataSource.getRepository(Booking).save({ what: name });
      return rows;
    };
    const results = await Promise.all([
      one.client.call(Trips).strict('a'),
      one.client.call(Trips).strict('b'),
    ]);
    expect(results.sort()).toEqual([0, 1]);
    expect(total()).toBeGreaterThan(2);
    expect(await one.booked()).toHaveLength(2);
    expect((await journal()).map(entry => [entry.tries, entry.outcome])).toEqual([
      [0, 'ok'],
      [0, 'ok'],
    ]);
  });

  it('is run again at once after a deadlock', async () => {
    const rows = await one.dataSource.getRepository(Booking).save([{ what: 'x' }, { what: 'y' }]);
    const meet = meeting();
    const add = (id: number | undefined, name: string) =>
      one.dataSource.query('update booking set what = what || $2 where id = $1', [id, name]);
    body = async (name, n) => {
      const [first, second] = name === 'a' ? rows : [...rows].reverse();
      await add(first?.id, name);
      await meet(n);
      await add(second?.id, name);
    };
    await Promise.all([one.client.call(Trips).plain('a'), one.client.call(Trips).plain('b')]);
    expect(total()).toBe(3);
    const booked = await one.booked();
    expect(booked.map(what => [...what].sort().join(''))).toEqual(['abx', 'aby']);
  });

  it('fails with what it met, after so many times', async () => {
    body = async name => {
      await one.dataSource.getRepository(Booking).save({ what: name });
      await one.dataSource.query(`do $$ begin raise exception 'again' using errcode = '40001'; end $$`);
    };
    await expect(one.client.call(Trips).plain('never')).rejects.toThrow('again');
    expect(total()).toBe(11);
    expect(await one.booked()).toEqual([]);
  });

  it('asks what became of a commit whose answer was lost: it was committed', async () => {
    body = async name => one.dataSource.getRepository(Booking).save({ what: name });
    let client: Client | undefined;
    reach = async point => {
      if (point === 'transaction:fenced') {
        client = stepClient(one.dataSource);
        client.connection.stream.pause();
      }
      if (point !== 'transaction:sent') return;
      await until('it is committed', async () => (await outside()).length === 1);
      client?.connection.stream.destroy();
    };
    const outside = () => stageQuery(stage);
    expect(await one.client.call(Trips).plain('once')).toMatchObject({ what: 'once' });
    expect(total()).toBe(1);
    expect(await one.booked()).toEqual(['once']);
    expect(logger.lines.join()).toContain('lost the answer to its commit');
  });

  it('asks what became of a commit whose answer was lost: it was not, so it is run again', async () => {
    body = async name => one.dataSource.getRepository(Booking).save({ what: name });
    let cut = false;
    reach = point => {
      if (point !== 'transaction:fenced' || cut) return;
      cut = true;
      stepClient(one.dataSource).connection.stream.destroy();
    };
    expect(await one.client.call(Trips).plain('once')).toMatchObject({ what: 'once' });
    expect(total()).toBe(2);
    expect(await one.booked()).toEqual(['once']);
    expect(logger.lines.join()).toContain('lost the answer to its commit');
  });

  it('is not committed once its invocation was taken away', async () => {
    const began = new Latch();
    const gate = new Latch();
    body = async name => {
      await one.dataSource.getRepository(Booking).save({ what: name });
      began.open();
      await gate.wait();
    };
    const { id, result } = await one.client.send(Trips).plain('killed');
    await began.wait();
    await one.client.kill(id);
    gate.open();
    await expect(result()).rejects.toThrow('killed');
    await until('its transaction is over', async () => (await openTransactions(one.dataSource)) === 0);
    expect(await one.booked()).toEqual([]);
  });

  it('has one outcome with a cancel, whichever is first: the row and the entry agree', async () => {
    let gate = new Latch();
    body = async name => {
      await one.dataSource.getRepository(Booking).save({ what: name });
      await gate.wait();
    };
    const outcomes: string[] = [];
    for (let round = 0; round < 24; round++) {
      gate = new Latch();
      const name = `round ${round}`;
      const { id, result } = await one.client.send(Trips).plain(name);
      await until('it is in its body', () => tries.has(name));
      const open = (): void => gate.open();
      // Before the cancel, in a race with it, after it.
      if (round % 4 === 0) open();
      else if (round % 4 < 3) setTimeout(open, (round % 4) * 2);
      await one.client.cancel(id).catch(() => undefined);
      const outcome = await result().then(
        () => 'ok',
        () => 'error',
      );
      open();
      await until('its transaction is over', async () => (await openTransactions(one.dataSource)) === 0);
      const [step] = await one.client.journal(id);
      const isBooked = (await one.booked()).includes(name);
      expect({ name, isBooked, step: step?.outcome }).toEqual({
        name,
        isBooked,
        step: isBooked ? 'ok' : 'error',
      });
      outcomes.push(outcome);
    }
    expect(new Set(outcomes)).toEqual(new Set(['ok', 'error']));
  });

  it('leaves the transactions of another data source alone', async () => {
    const otherStage = await SharedStage.open('PostgreSQL');
    const other = new DataSource({
      type: 'postgres',
      url: otherStage.url,
      entities: [Booking],
      synchronize: true,
    });
    try {
      await other.initialize();
      const client = one.app.get(DurableClient);
      let sent = '';
      body = async (name, n) => {
        await one.dataSource.getRepository(Booking).save({ what: name });
        await other.getRepository(Booking).save({ what: name });
        if (n === 1) throw Object.assign(new Error('met'), { code: '40001' });
        await other
          .transaction(async () => {
            sent = (await client.send(Trips).plain('inner')).id;
            throw new Error('of the other');
          })
          .catch(() => undefined);
      };
      const plain = body;
      body = async (name, n) => (name === 'inner' ? undefined : plain(name, n));
      await one.client.call(Trips).plain('outer');
      expect(await one.booked()).toEqual(['outer']);
      expect(await other.getRepository(Booking).count()).toBe(2);
      await one.client.get(sent).result();
    } finally {
      await other.destroy();
      await otherStage.close();
    }
  });
});

/** The connection of the step in progress. */
function stepClient({ driver }: DataSource): Client {
  const { connectedQueryRunners } = driver as unknown as {
    connectedQueryRunners: { isTransactionActive: boolean; databaseConnection: Client }[];
  };
  const [runner] = connectedQueryRunners.filter(({ isTransactionActive }) => isTransactionActive);
  if (!runner) throw new Error('no step has a transaction');
  return runner.databaseConnection;
}

async function openTransactions({ driver }: DataSource): Promise<number> {
  const { connectedQueryRunners } = driver as unknown as {
    connectedQueryRunners: { isTransactionActive: boolean }[];
  };
  return connectedQueryRunners.filter(({ isTransactionActive }) => isTransactionActive).length;
}

async function stageQuery(stage: SharedStage): Promise<unknown[]> {
  const direct = await new DataSource({ type: 'postgres', url: stage.url }).initialize();
  try {
    return await direct.query<unknown[]>('select 1 from booking');
  } finally {
    await direct.destroy();
  }
}
