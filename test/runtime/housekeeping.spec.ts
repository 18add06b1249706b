import { setImmediate } from 'node:timers/promises';
import type { Chores, Store } from '../../lib/ports/store.js';
import type { Transport } from '../../lib/ports/transport.js';
import { Housekeeping } from '../../lib/runtime/housekeeping.js';
import type { Messenger } from '../../lib/runtime/messenger.js';
import type { WorkerLease } from '../../lib/runtime/worker-lease.js';
import { HandClock } from '../support/hand-clock.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { until } from '../support/until.js';

const NO_NEWS = { awoken: [], freed: [], attached: [] };
const NOTHING: Chores = { reap: false, stranded: false, unanswered: false, deadlineInMs: undefined };
const LEASE_MS = 15_000;

describe('housekeeping', () => {
  /** What the store and the lease were asked for, in order. */
  let calls: string[];
  let clock: HandClock;
  let logger: RecordingLogger;
  let delivered: unknown[];

  /** Of a store that answers as it is told to, and has nothing to do otherwise. */
  function housekeeping(answers: Partial<Store>, leaseMs = LEASE_MS): Housekeeping {
    clock = new HandClock();
    logger = new RecordingLogger();
    [calls, delivered] = [[], []];
    const idle: Partial<Store> = {
      lookAround: async () => NOTHING,
      reap: async () => ({ reaped: [], news: NO_NEWS }),
      ...{ stranded: async () => [], unanswered: async () => [], releaseStray: async () => [] },
      overdue: async () => ({ ids: [], nextMs: undefined }),
      purge: async () => 0,
    };
    const store = new Proxy({ ...idle, ...answers } as Store, {
      get: (target, key: keyof Store) => (target[key] ? (calls.push(key), target[key]) : undefined),
    });
    const lease = { workerId: 'w', assure: async () => void calls.push('assure') };
    const messenger = { deliver: (news: unknown) => delivered.push(news), ready: () => undefined };
    const errors = { encode: () => '', decode: () => new Error() };
    const parts = { store, transport: {} as Transport, messenger: messenger as unknown as Messenger };
    return new Housekeeping(
      { leaseMs, maxDeaths: 3, retentionMs: 1 },
      lease as unknown as WorkerLease,
      () => [],
      { ...parts, errors, clock, logger },
    );
  }

  /** Starts it, and forgets what it does at its start. */
  async function start(keeping: Housekeeping): Promise<void> {
    keeping.start();
    await until('it has reaped', () => calls.includes('reap'));
    await setImmediate();
    calls = [];
    delivered = [];
  }

  const count = (name: string): number => calls.filter(call => call === name).length;
  /** The time of the n-th look, and some more. */
  const look = (n: number): number => (n * LEASE_MS) / 3 + 1_500;

  it('reaps at its start, whose lease is assured first: it may be the successor of one that died', async () => {
    const keeping = housekeeping({});
    keeping.start();
    await until('it has reaped', () => calls.includes('reap'));
    expect(calls).toEqual(['assure', 'reap']);
    await keeping.stop();
  });

  it('asks one question every third of the lease while there is nothing to do', async () => {
    const keeping = housekeeping({});
    await start(keeping);
    await clock.moveTo(10 * LEASE_MS);
    expect(count('lookAround')).toBeGreaterThanOrEqual(28);
    expect(count('lookAround')).toBeLessThanOrEqual(32);
    expect(new Set(calls)).toEqual(new Set(['lookAround', 'releaseStray', 'purge']));
    await keeping.stop();
  });

  it.each<[string, Partial<Chores>, string[], unknown[]]>([
    ['what is to be reaped', { reap: true }, ['assure', 'reap'], [NO_NEWS]],
    ['stranded objects', { stranded: true }, ['stranded'], [{ ...NO_NEWS, freed: ['object'] }]],
    ['attached entries', { unanswered: true }, ['unanswered'], [{ ...NO_NEWS, attached: ['invocation'] }]],
    ['a deadline that is past', { deadlineInMs: 0 }, ['overdue'], []],
    ['a deadline that is to come', { deadlineInMs: 1_000 }, ['overdue'], []],
  ])('does what it has seen, and nothing else: %s', async (_, seen, done, news) => {
    const keeping = housekeeping({
      lookAround: async () => ({ ...NOTHING, ...seen }),
      stranded: async () => ['object'],
      unanswered: async () => ['invocation'],
    });
    await start(keeping);
    await clock.moveTo(look(1));
    expect(calls).toEqual(['lookAround', ...done]);
    expect(delivered).toEqual(news);
    await keeping.stop();
  });

  it('does the rest, whatever fails, and tries again after its next look', async () => {
    const fails = async (): Promise<never> => Promise.reject(new Error('away'));
    const keeping = housekeeping({
      lookAround: async () => ({ reap: true, stranded: true, unanswered: true, deadlineInMs: 0 }),
      ...{ reap: fails, stranded: fails, overdue: fails },
    });
    await start(keeping);
    await clock.moveTo(look(1));
    expect(calls).toEqual(expect.arrayContaining(['lookAround', 'reap', 'stranded', 'overdue']));
    await clock.moveTo(look(2));
    for (const name of ['lookAround', 'reap', 'stranded', 'overdue']) expect(count(name)).toBe(2);
    await keeping.stop();
  });

  it('does the rest while a reap takes its time', async () => {
    let reaps = 0;
    let end = (): void => undefined;
    const keeping = housekeeping({
      lookAround: async () => ({ reap: true, stranded: true, unanswered: true, deadlineInMs: 0 }),
      reap: async () => {
        if (++reaps > 1) await new Promise<void>(resolve => (end = resolve));
        return { reaped: [], news: NO_NEWS };
      },
    });
    await start(keeping);
    await clock.moveTo(look(1));
    expect(reaps).toBe(2);
    expect(calls).toEqual(expect.arrayContaining(['stranded', 'unanswered', 'overdue']));
    end();
    await keeping.stop();
  });

  it('comes in time for a deadline that it is told of', async () => {
    const keeping = housekeeping({});
    await start(keeping);
    keeping.expectDeadline(400);
    await clock.moveTo(399);
    expect(calls).toEqual([]);
    await clock.moveTo(401);
    expect(calls).toEqual(['overdue']);
    await keeping.stop();
  });

  it('goes on at once while there is more to delete or to reap, and stops all the same', async () => {
    const one = { id: 'i', service: 's', status: 'scheduled', origin: 'test' } as const;
    const answers: Partial<Store> = {
      purge: async ({ limit }) => (await setImmediate(), limit),
      reap: async ({ limit }) => {
        await setImmediate();
        return { reaped: Array<typeof one>(limit).fill(one), news: NO_NEWS };
      },
    };
    const keeping = housekeeping(answers, 1e9);
    keeping.start();
    await clock.moveTo(70_000);
    await until('it is at it', () => count('purge') > 3 && count('reap') > 3);
    await keeping.stop();
    const { length } = calls;
    for (let turn = 0; turn < 5; turn++) await setImmediate();
    expect(calls).toHaveLength(length);
  }, 3_000);
});
