import { JournalMismatchError, UnserialisableValueError } from '../../lib/errors/index.js';
import { DEFAULT_STEP_RETRY } from '../../lib/engine/retry-policy.js';
import type { JournalEntry } from '../../lib/engine/entry.js';
import { endOf, startAttempt, type TestStep } from '../support/attempt-on-journal.js';
import { JournalOfOne } from '../support/journal-store.js';

function recorded(store: JournalOfOne, index: number, fields: Partial<JournalEntry>): void {
  const value = fields.outcome === 'ok' ? JSON.stringify(`r${index}`) : null;
  const rest = { kind: 'step', calledAfter: 0, seq: null, outcome: null, tries: 0, dueIn: null } as const;
  store.entries.set(index, { ...rest, name: `s${index}`, value, epoch: 1, durationMs: 1, ...fields, index });
}

describe('an attempt', () => {
  it('runs a step once and gives its recorded result on replay', async () => {
    const store = new JournalOfOne();
    let runs = 0;
    const body = (step: Parameters<Parameters<typeof startAttempt>[1]>[0]): Promise<unknown> =>
      step('s', () => ++runs);
    expect(endOf(await startAttempt(store, body).done)).toEqual({ status: 'completed', value: 1 });
    expect(endOf(await startAttempt(store, body).done)).toEqual({ status: 'completed', value: 1 });
    expect(runs).toBe(1);
  });

  it('starts no step before what was delivered earlier is committed', async () => {
    const store = new JournalOfOne();
    const committedAtStart: number[] = [];
    await startAttempt(store, async step => {
      for (const name of ['a', 'b', 'c']) {
        await step(name, () => committedAtStart.push([...store.entries.values()].length));
      }
    }).done;
    expect(committedAtStart).toEqual([0, 1, 2]);
  });

  it('records what is through when the failure of a step beside it ends the attempt', async () => {
    const store = new JournalOfOne();
    const runs: string[] = [];
    const body = (step: TestStep): Promise<unknown> =>
      Promise.all(
        ['a', 'b', 'c'].map((name, at) =>
          step(
            name,
            () => {
              runs.push(name);
              if (name === 'a' && runs.length <= 3) throw new Error('a failed');
              return at;
            },
            { maxAttempts: 1 },
          ),
        ),
      );
    expect(endOf(await startAttempt(store, body).done)).toMatchObject({ status: 'failed' });
    expect([...store.entries.values()].map(({ name, outcome, seq }) => [name, outcome, seq])).toEqual([
      ['a', 'error', 0],
      ['b', 'ok', null],
      ['c', 'ok', null],
    ]);
    // As a retry by hand does it: the cause is dropped.
    store.entries.delete(0);
    expect(endOf(await startAttempt(store, body).done)).toEqual({ status: 'completed', value: [0, 1, 2] });
    expect(runs).toEqual(['a', 'b', 'c', 'a']);
  });

  it('commits the last result together with the outcome', async () => {
    const store = new JournalOfOne();
    await startAttempt(store, async step => {
      await step('a', () => 1);
      return step('b', () => 2);
    }).done;
    expect(store.commits).toBe(2);
  });

  it('R4: executes nothing new before the last recorded delivery was made', async () => {
    const store = new JournalOfOne();
    recorded(store, 1, { outcome: 'ok', seq: 0 });
    recorded(store, 3, { outcome: 'ok', seq: 1, calledAfter: 1 });
    const seen: string[] = [];
    const { done } = startAttempt(store, async (step, attempt) => {
      const first = step('s0', () => seen.push(attempt.isReplaying ? 's0 too early' : 's0'));
      await step('s1', () => seen.push('s1 ran again'));
      const second = step('s2', () => seen.push(attempt.isReplaying ? 's2 too early' : 's2'));
      await step('s3', () => seen.push('s3 ran again'));
      await Promise.all([first, second]);
    });
    expect(endOf(await done)).toMatchObject({ status: 'completed' });
    expect(seen.sort()).toEqual(['s0', 's2']);
  });

  it('delivers an outcome that was recorded and never delivered, without running the step', async () => {
    const store = new JournalOfOne();
    recorded(store, 0, { outcome: 'ok' });
    const { done } = startAttempt(store, step => step('s0', () => 'ran again'));
    expect(endOf(await done)).toEqual({ status: 'completed', value: 'r0' });
    expect(store.entries.get(0)?.seq).toBe(0);
  });

  it.each([
    ['renamed', ['s0', 'other']],
    ['reordered', ['s1', 's0']],
    ['removed at the end', ['s0']],
  ])('pauses when an operation was %s, with both signatures', async (_, names) => {
    const store = new JournalOfOne();
    recorded(store, 0, { outcome: 'ok', seq: 0 });
    recorded(store, 1, { outcome: 'ok', seq: 1, calledAfter: 1 });
    let ran = 0;
    const { done } = startAttempt(store, async step => {
      for (const name of names) await step(name, () => ++ran);
    });
    const end = endOf(await done);
    expect(end?.status).toBe('paused');
    expect(end?.value).toBeInstanceOf(JournalMismatchError);
    expect((end?.value as JournalMismatchError).recorded).toMatchObject({ kind: 'step' });
    expect(ran).toBe(0);
  });

  it('pauses when a recorded operation was removed before one that is awaited', async () => {
    const store = new JournalOfOne();
    recorded(store, 0, { outcome: 'ok', seq: 1 });
    recorded(store, 1, { outcome: 'ok', seq: 0 });
    const { done } = startAttempt(store, step => step('s0', () => 'ran again'));
    const end = endOf(await done);
    expect(end?.status).toBe('paused');
    expect(end?.value).toMatchObject({ index: 1, recorded: { name: 's1' } });
  }, 120_000);

  it('survives rejections that nobody awaits', async () => {
    const unhandled: unknown[] = [];
    const listener = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', listener);
    const { done } = startAttempt(new JournalOfOne(), async step => {
      void step('loose', () => Promise.reject(new Error('nobody awaits this')), { maxAttempts: 1 });
      await step('a', () => 1);
      await step('b', () => 2);
      return 'through';
    });
    expect(endOf(await done)).toEqual({ status: 'completed', value: 'through' });
    await new Promise(resolve => setImmediate(resolve));
    process.off('unhandledRejection', listener);
    expect(unhandled).toEqual([]);
  });

  it('records every failed try, so that a crash does not start the count anew', async () => {
    const store = new JournalOfOne();
    recorded(store, 0, { tries: 2, value: '{}' });
    let tries = 0;
    const { done } = startAttempt(store, step =>
      step('s0', () => Promise.reject(new Error(`try ${++tries}`)), { maxAttempts: 4 }),
    );
    expect(endOf(await done)).toMatchObject({ status: 'failed', value: { message: 'try 2' } });
    expect(tries).toBe(2);
    expect(store.entries.get(0)).toMatchObject({ outcome: 'error', tries: 4, seq: 0 });
  });

  it('fails for good with an error that the journal gave, whatever the handler makes of it', async () => {
    const store = new JournalOfOne();
    const { done } = startAttempt(store, async step => {
      await step('first', () => 1);
      try {
        await step('charge', () => Promise.reject(new Error('declined')), { maxAttempts: 1 });
      } catch (cause) {
        throw new Error('no order', { cause });
      }
    });
    const end = await done;
    expect(end).toMatchObject({ status: 'failed', failedEntry: 1, dueInMs: null });
    expect(endOf(end)?.value).toMatchObject({ message: 'no order', cause: { message: 'declined' } });
  });

  it('backs off after an error of its own, and counts the attempt', async () => {
    const { done } = startAttempt(new JournalOfOne(), () => Promise.reject(new Error('a bug')));
    expect(await done).toMatchObject({ status: 'backing_off', failedAttempt: true, failedEntry: null });
  });

  it('lets go of its memory while a step waits long for its next try', async () => {
    const store = new JournalOfOne();
    const { done } = startAttempt(store, step =>
      step('s', () => Promise.reject(new Error('away')), { initialDelayMs: 60_000, jitter: false }),
    );
    const end = await done;
    expect(end).toMatchObject({ status: 'backing_off', failedAttempt: false });
    expect(end?.dueInMs).toBeGreaterThan(59_000);
    expect(store.entries.get(0)).toMatchObject({ outcome: null, tries: 1, dueIn: 60_000 });
  });

  it('records that a step starts once a process died here, so that poison can be named', async () => {
    const store = new JournalOfOne();
    const open: unknown[] = [];
    await startAttempt(store, step => step('boom', () => open.push(store.entries.get(0)?.outcome)), {
      deaths: 1,
    }).done;
    expect(open).toEqual([null]);
  });

  it('stops at once when its lease is lost: nothing is written, nothing is given to user code', async () => {
    const store = new JournalOfOne();
    let reached = '';
    let lose: () => void = () => undefined;
    let signal: AbortSignal | undefined;
    const { attempt, done } = startAttempt(store, async (step, self) => {
      signal = self.signal;
      reached = 'first';
      await step('s', () => new Promise<void>(resolve => (lose = resolve)));
      reached = 'after the step';
    });
    await new Promise(resolve => setTimeout(resolve, 5));
    attempt.lose();
    lose();
    expect(await done).toBeUndefined();
    await new Promise(resolve => setTimeout(resolve, 5));
    expect([reached, store.entries.size, signal?.aborted]).toEqual(['first', 0, true]);
  });

  it('is given back while it drains, once the running step is recorded', async () => {
    const store = new JournalOfOne();
    const ran: string[] = [];
    let release: () => void = () => undefined;
    const { attempt, done } = startAttempt(store, async step => {
      await step('running', () => new Promise<void>(resolve => (release = resolve)));
      await step('next', () => ran.push('next'));
    });
    await new Promise(resolve => setTimeout(resolve, 5));
    attempt.drain();
    release();
    expect(await done).toMatchObject({ status: 'scheduled', dueInMs: 0, failedAttempt: false });
    expect([ran, store.entries.get(0)?.outcome]).toEqual([[], 'ok']);
  });

  it('fails closed on a result that cannot be recorded', async () => {
    const { done } = startAttempt(new JournalOfOne(), step => step('s', () => ({ callback: () => 1 })));
    const end = endOf(await done);
    expect(end?.status).toBe('failed');
    expect(end?.value).toBeInstanceOf(UnserialisableValueError);
  });

  it.each([[null], [undefined], ['text'], [Object.create(null) as object], [Symbol('s')]])(
    'survives a step that throws %p, and tries it again',
    async thrown => {
      let tries = 0;
      const { done } = startAttempt(new JournalOfOne(), step =>
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- whatever code may throw
        step('odd', () => (++tries < 3 ? Promise.reject(thrown) : tries)),
      );
      expect(endOf(await done)).toEqual({ status: 'completed', value: 3 });
    },
  );

  it('ends when its time is over, even if the handler never does', async () => {
    const { done } = startAttempt(new JournalOfOne(), () => new Promise(() => undefined), { timeoutMs: 10 });
    expect(endOf(await done)).toMatchObject({ status: 'backing_off', value: { code: 'DURABLE_TIMEOUT' } });
  });
});

describe('an end that the store refuses for good', () => {
  /** A journal that refuses these ends of an invocation. */
  function refusing(...statuses: string[]): JournalOfOne {
    const store = new JournalOfOne();
    const commit = store.commit.bind(store);
    store.commit = batch => {
      const refused = batch.transitions.find(({ status }) => statuses.includes(status));
      if (refused) throw new Error(`no room for ${refused.status}`);
      return commit(batch);
    };
    return store;
  }

  it('is a failure with the error of the store, which is logged', async () => {
    const { done, logger } = startAttempt(refusing('completed'), step => step('s', () => 1));
    const end = await done;
    expect(endOf(end)).toMatchObject({ status: 'failed', value: { message: 'no room for completed' } });
    expect(end).toMatchObject({ failedAttempt: true });
    expect(logger.lines.join()).toContain('no room for completed');
  });

  it('pauses what would have to be undone', async () => {
    const { done } = startAttempt(refusing('completed'), async (step, scope) => {
      const retry = DEFAULT_STEP_RETRY;
      scope.compensate({ name: 'undo', retry, timeoutMs: undefined, run: async () => undefined });
      return step('s', () => 1);
    });
    expect(endOf(await done)).toMatchObject({
      status: 'paused',
      value: { message: 'no room for completed' },
    });
  });

  it('is tried in another way once only', async () => {
    const store = refusing('completed', 'failed');
    const { done, logger } = startAttempt(store, step => step('s', () => 1));
    expect(await done).toBeUndefined();
    expect(store.transition).toBeUndefined();
    expect(logger.lines.join()).toContain('no room for failed');
  });
});
