import { ErrorRegistry, JsonCodec, RecordErrorCodec } from '../../lib/codec/index.js';
import { CancelledError, JournalMismatchError, WaitTimeoutError } from '../../lib/errors/index.js';
import { parseAwakeableId } from '../../lib/codec/awakeable-id.js';
import type { Clock } from '../../lib/ports/clock.js';
import { CANCEL_SIGNAL } from '../../lib/ports/store.js';
import { systemClock } from '../../lib/runtime/system-clock.js';
import { CHILD, endOf, startAttempt } from '../support/attempt-on-journal.js';
import { JournalOfOne } from '../support/journal-store.js';
import { until } from '../support/until.js';

const HOUR = 3_600_000;
const CANCELLED = new RecordErrorCodec(new ErrorRegistry(), new JsonCodec()).encode(new CancelledError('it'));

describe('an attempt that waits', () => {
  it('is suspended at once for a time that is known to be long, and due when that is over', async () => {
    const store = new JournalOfOne();
    const end = await startAttempt(store, (_, scope) => scope.sleep({ ms: HOUR })).done;
    expect(end).toMatchObject({ status: 'suspended', failedAttempt: false, wakes: 0 });
    expect(end?.dueInMs).toBeGreaterThan(HOUR - 1_000);
    expect(end?.dueInMs).toBeLessThanOrEqual(HOUR);
  });

  it('stays in memory for a short time, and is not replayed', async () => {
    const store = new JournalOfOne();
    let starts = 0;
    const { done } = startAttempt(store, (_, scope) => {
      starts++;
      return scope.sleep({ ms: 20 });
    });
    expect(endOf(await done)?.status).toBe('completed');
    expect([starts, store.epoch]).toEqual([1, 2]);
  });

  it('is suspended after a while for what comes from outside, with no time at which it is due', async () => {
    const store = new JournalOfOne();
    const { done } = startAttempt(store, (_, scope) => scope.awaitSignal('s'), { residentMs: 10 });
    expect(await done).toMatchObject({ status: 'suspended', dueInMs: null });
  });

  it('is due when the shortest of its times is over', async () => {
    const store = new JournalOfOne();
    const { done } = startAttempt(
      store,
      (_, scope) => Promise.all([scope.awaitSignal('s', 2 * HOUR), scope.sleep({ ms: HOUR })]),
      { residentMs: 10 },
    );
    const end = await done;
    expect(end?.status).toBe('suspended');
    expect(end?.dueInMs).toBeGreaterThan(HOUR - 1_000);
    expect(end?.dueInMs).toBeLessThanOrEqual(HOUR);
  });

  it('is not suspended while a step runs beside the wait', async () => {
    const store = new JournalOfOne();
    let release: () => void = () => undefined;
    const { done } = startAttempt(
      store,
      (step, scope) =>
        Promise.race([
          scope.awaitSignal('s'),
          step('s', () => new Promise<void>(resolve => (release = resolve))),
        ]),
      { residentMs: 5 },
    );
    await new Promise(resolve => setTimeout(resolve, 30));
    release();
    expect((await done)?.status).toBe('completed');
  });

  it('does more than wait as soon as the next try of its step runs, so that it takes a slot and is not suspended', async () => {
    const rested: boolean[] = [];
    const { attempt, done } = startAttempt(new JournalOfOne(), step => {
      const body = async (): Promise<void> => {
        rested.push(attempt.rests);
        attempt.suspend();
        await new Promise(setImmediate);
        if (rested.length < 3) throw new Error('not yet');
      };
      return step('s', body, { initialDelayMs: 10, jitter: false });
    });
    let waited = 0;
    attempt.onWaiting = isWaiting => (waited += Number(isWaiting));
    expect((await done)?.status).toBe('completed');
    // Twice for the next try, and for the commit of its end.
    expect([rested, waited]).toEqual([[false, false, false], 3]);
  });

  it('tells how many arrivals it knew of, so that the store sees what it missed', async () => {
    const store = new JournalOfOne();
    store.signal({ id: 'one', name: 'other', value: '1' });
    const { done } = startAttempt(store, (_, scope) => scope.awaitSignal('s'), { residentMs: 5 });
    expect(await done).toMatchObject({ status: 'suspended', wakes: 1 });
  });

  it('is not suspended, but goes on, when it is asked to end at that moment', async () => {
    const store = new JournalOfOne();
    const { attempt, done } = startAttempt(store, (_, scope) =>
      scope.awaitSignal('s').catch((error: Error) => error.name),
    );
    await until('it waits', () => store.entries.size === 1);
    await new Promise(setImmediate);
    attempt.suspend();
    store.signal({ id: 'ask', name: CANCEL_SIGNAL, value: CANCELLED });
    expect(endOf(await done)).toEqual({ status: 'completed', value: CancelledError.name });
  });

  it('is suspended, not replayed elsewhere at once, when it waits while its process drains', async () => {
    const store = new JournalOfOne();
    const { attempt, done } = startAttempt(store, (_, scope) => scope.awaitSignal('s'));
    await new Promise(resolve => setTimeout(resolve, 10));
    attempt.drain();
    expect(await done).toMatchObject({ status: 'suspended', dueInMs: null });
  });

  it('that comes late is given what was due first first, and before all what has arrived', async () => {
    const store = new JournalOfOne();
    const body: Parameters<typeof startAttempt>[1] = async (_, scope) => {
      const order: string[] = [];
      const noted = (what: string) => () => void order.push(what);
      await Promise.all([
        scope.sleep({ ms: 30 }).then(noted('30 ms')),
        scope.sleep({ ms: 10 }).then(noted('10 ms')),
        scope.sleep({ ms: 20 }).then(noted('20 ms')),
        scope.awaitSignal('s').then(noted('signal')),
      ]);
      return order;
    };
    await startAttempt(store, body, { residentMs: 0 }).done;
    store.signal({ id: 'a', name: 's', value: '1' });
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(endOf(await startAttempt(store, body).done)?.value).toEqual(['signal', '10 ms', '20 ms', '30 ms']);
  });

  it('goes on at once with what arrived before it was called', async () => {
    const store = new JournalOfOne();
    store.signal({ id: 'a', name: 's', value: '"first"' });
    store.signal({ id: 'b', name: 's', value: '"second"' });
    const { done } = startAttempt(store, async (_, scope) => [
      await scope.awaitSignal('s'),
      await scope.awaitSignal('s'),
    ]);
    expect(endOf(await done)).toEqual({ status: 'completed', value: ['first', 'second'] });
    expect(store.signals).toEqual([]);
  });
});

describe('a timeout', () => {
  it('rejects with an error that names the wait, and is the cause of the failure that a retry drops', async () => {
    const store = new JournalOfOne();
    const end = await startAttempt(store, (_, scope) => scope.awaitSignal('approve', 5)).done;
    expect(endOf(end)).toMatchObject({ status: 'failed', value: { code: 'DURABLE_WAIT_TIMEOUT' } });
    expect(endOf(end)?.value).toBeInstanceOf(WaitTimeoutError);
    expect(endOf(end)?.value).toMatchObject({ what: 'signal approve', timeoutMs: 5 });
    // The timer is the entry after the wait.
    expect(end?.failedEntry).toBe(1);
  });

  it('leaves the signal to the next one who waits for it', async () => {
    const store = new JournalOfOne();
    const { done } = startAttempt(store, async (step, scope) => {
      const late = await scope
        .awaitSignal('s', 5)
        .catch((error: unknown) => (error as { code: string }).code);
      await step('send it', () => store.signal({ id: 'a', name: 's', value: '"kept"' }));
      return [late, await scope.awaitSignal('s')];
    });
    expect(endOf(await done)).toEqual({ status: 'completed', value: ['DURABLE_WAIT_TIMEOUT', 'kept'] });
  });

  it('of a wait that is over does not hold the invocation', async () => {
    const store = new JournalOfOne();
    store.signal({ id: 'a', name: 's', value: '1' });
    const { done } = startAttempt(store, async (_, scope) => {
      await scope.awaitSignal('s', HOUR);
      return scope.sleep({ ms: 10 });
    });
    expect((await done)?.status).toBe('completed');
  });
});

describe('what is recorded at the call', () => {
  it('has one awakeable id on every replay', async () => {
    const store = new JournalOfOne();
    const ids: string[] = [];
    const body: Parameters<typeof startAttempt>[1] = (_, scope) => {
      const { id, promise } = scope.awakeable();
      ids.push(id);
      return promise;
    };
    await startAttempt(store, body, { residentMs: 5 }).done;
    store.settle(parseAwakeableId('test', ids[0]).entry.index, 'ok', '"done"');
    expect(endOf(await startAttempt(store, body).done)).toEqual({ status: 'completed', value: 'done' });
    expect(ids[1]).toBe(ids[0]);
  });

  it('R6: pauses when it was added before something that is recorded', async () => {
    const store = new JournalOfOne();
    await startAttempt(
      store,
      async step => {
        await step('a', () => 1);
        return new Promise(() => undefined);
      },
      { timeoutMs: 20 },
    ).done;
    const { done } = startAttempt(store, async (step, scope) => {
      scope.now();
      return step('a', () => 1);
    });
    const end = endOf(await done);
    expect(end?.status).toBe('paused');
    expect(end?.value).toBeInstanceOf(JournalMismatchError);
    expect((end?.value as Error).message).toContain('now');
  });

  it('takes no place in the journal when its value is refused', async () => {
    const store = new JournalOfOne();
    const body: Parameters<typeof startAttempt>[1] = async (step, scope) => {
      expect(() => scope.set('progress', () => 1)).toThrow('function');
      await step('a', () => 1);
      return step('b', () => 2);
    };
    expect(endOf(await startAttempt(store, body).done)).toEqual({ status: 'completed', value: 2 });
    expect(endOf(await startAttempt(store, body).done)).toEqual({ status: 'completed', value: 2 });
  });

  it('is what a handler said before, until it calls what the journal does not know', async () => {
    const store = new JournalOfOne();
    const said: [string, boolean][] = [];
    const body: Parameters<typeof startAttempt>[1] = async (step, scope) => {
      said.push(['start', scope.isReplaying]);
      await step('a', () => 1);
      said.push(['waiting', scope.isReplaying]);
      await scope.sleep({ ms: 30 });
      said.push(['woken', scope.isReplaying]);
    };
    expect((await startAttempt(store, body, { residentMs: 0 }).done)?.status).toBe('suspended');
    await new Promise(resolve => setTimeout(resolve, 40));
    expect((await startAttempt(store, body, { residentMs: 0 }).done)?.status).toBe('completed');
    expect(said).toEqual([
      ['start', false],
      ['waiting', false],
      ['start', true],
      ['waiting', true],
      ['woken', false],
    ]);
  });
});

describe('a child', () => {
  it('is asked for once, under an id that follows from the call', async () => {
    const store = new JournalOfOne();
    const body: Parameters<typeof startAttempt>[1] = async (_, scope) => {
      const id = await scope.send(CHILD);
      return [id, await scope.call(CHILD)];
    };
    await startAttempt(store, body, { residentMs: 5 }).done;
    const asked = [...store.accepted.keys()];
    store.settle(1, 'ok', '"result"');
    expect(endOf(await startAttempt(store, body).done)).toEqual({
      status: 'completed',
      value: [asked[0], 'result'],
    });
    expect([...store.accepted.keys()]).toEqual(asked);
    expect([...store.accepted.values()].map(({ parent }) => parent?.index)).toEqual([null, 1]);
  });

  it('is sent also if the handler does not wait for it', async () => {
    const store = new JournalOfOne();
    const { done } = startAttempt(store, async (_, scope) => void scope.send(CHILD));
    expect((await done)?.status).toBe('completed');
    expect(store.accepted.size).toBe(1);
  });

  it('that cannot be asked for fails in the journal', async () => {
    const store = new JournalOfOne();
    const { done } = startAttempt(store, (_, scope) => scope.call({ ...CHILD, args: [() => 1] }));
    expect(endOf(await done)).toMatchObject({
      status: 'failed',
      value: { code: 'DURABLE_UNSERIALISABLE_VALUE' },
    });
    expect([store.entries.get(0)?.outcome, store.accepted.size]).toEqual(['error', 0]);
  });
});

describe('an await that is not durable', () => {
  const bare = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

  it('is found at the next durable call, and named', async () => {
    const { done } = startAttempt(new JournalOfOne(), async step => {
      await step('a', () => 1);
      await bare(5);
      await step('b', () => 1);
    });
    expect(endOf(await done)).toMatchObject({
      status: 'failed',
      value: { code: 'DURABLE_UNJOURNALED_AWAIT', handler: 'Test.run', operation: 'step b' },
    });
  });

  it('is warned of once, with the place in the code', async () => {
    const { done, logger } = startAttempt(
      new JournalOfOne(),
      async step => {
        for (const name of ['a', 'b', 'c']) {
          await step(name, () => 1);
          await bare(5);
        }
      },
      { onUnjournaledAwait: 'warn' },
    );
    expect((await done)?.status).toBe('completed');
    const warnings = logger.lines.filter(line => line.includes('not durable'));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('waits.spec.ts');
  });

  it('is none before the first durable call, within steps, or where only microtasks pass', async () => {
    const { done } = startAttempt(new JournalOfOne(), async (step, scope) => {
      await bare(5);
      await step('a', () => bare(5));
      for (let turn = 0; turn < 100; turn++) await Promise.resolve();
      await new Promise<void>(resolve => process.nextTick(resolve));
      const [, second] = await Promise.all([
        step('b', () => bare(3)),
        scope.sleep({ ms: 1 }).then(() => step('c', () => 2)),
      ]);
      return second;
    });
    expect(endOf(await done)).toEqual({ status: 'completed', value: 2 });
  });
});

describe('arrivals that an attempt counts', () => {
  /** Calls a child, is asked to end while it waits, and goes on to wait for a signal. */
  const cancelled: Parameters<typeof startAttempt>[1] = async (_, scope) => {
    await scope.call(CHILD).catch(() => undefined);
    return scope.awaitSignal('s');
  };

  it('are never more than the store has counted: the end of a child whose call was rejected is none', async () => {
    const store = new JournalOfOne();
    const { attempt, done } = startAttempt(store, cancelled, { residentMs: 50 });
    await until('it waits for the child', () => store.entries.size === 1);
    store.signal({ id: 'ask', name: CANCEL_SIGNAL, value: CANCELLED });
    await until('it waits for the signal', () => store.entries.size === 2);
    attempt.answered(0, { outcome: 'error', value: CANCELLED });
    expect(await done).toMatchObject({ status: 'suspended', wakes: store.wakes });
  });

  it('count an outcome once that was read from the store and told by this process', async () => {
    const store = new JournalOfOne();
    const { attempt, done } = startAttempt(store, cancelled, { residentMs: 50 });
    await until('it waits for the child', () => store.entries.size === 1);
    store.settle(0, 'ok', '1');
    attempt.answered(0, { outcome: 'ok', value: '1' });
    expect(await done).toMatchObject({ status: 'suspended', wakes: 1 });
  });

  it('count an outcome that this process tells before the store is asked', async () => {
    const store = new JournalOfOne();
    const { attempt, done } = startAttempt(store, cancelled, { residentMs: 50 });
    await until('it waits for the child', () => store.entries.size === 1);
    await new Promise(setImmediate);
    attempt.answered(0, { outcome: 'ok', value: '1' });
    expect(await done).toMatchObject({ status: 'suspended', wakes: 1 });
  });
});

describe('an attempt that is over', () => {
  /** A clock, and how many of its timers of an hour or so are armed. */
  function watchedClock(): { readonly clock: Clock; armed: number } {
    const watched = { clock: systemClock, armed: 0 };
    const after: Clock['after'] = (ms, act) => {
      const cancel = systemClock.after(ms, act);
      if (ms < HOUR / 2) return cancel;
      watched.armed++;
      return () => (watched.armed--, cancel());
    };
    return Object.assign(watched, { clock: { ...systemClock, after } });
  }

  it('is not kept in memory by a timer that was being recorded', async () => {
    const watched = watchedClock();
    const quick: Parameters<typeof startAttempt>[1] = (_, scope) => {
      void scope.sleep({ ms: HOUR });
      return Promise.resolve('quick');
    };
    const { done } = startAttempt(new JournalOfOne(), quick, watched);
    expect(endOf(await done)).toEqual({ status: 'completed', value: 'quick' });
    await new Promise(setImmediate);
    expect(watched.armed).toBe(0);
  });

  it('is not kept in memory by a step whose failed try was being recorded', async () => {
    const watched = watchedClock();
    const store = new JournalOfOne();
    const fails = (): never => {
      throw new Error('not yet');
    };
    const slow: Parameters<typeof startAttempt>[1] = step =>
      step('s', fails, { initialDelayMs: HOUR, maxDelayMs: HOUR, jitter: false });
    const { attempt, done } = startAttempt(store, slow, watched);
    store.beforeCommit = () => attempt.release();
    expect(await done).toMatchObject({ status: 'scheduled' });
    await new Promise(setImmediate);
    expect(watched.armed).toBe(0);
  });
});
