import { DEFAULT_STEP_RETRY } from '../../lib/engine/retry-policy.js';
import { SAGA_INDEX } from '../../lib/engine/saga.js';
import { TerminalError } from '../../lib/errors/index.js';
import type { StepCall } from '../../lib/ports/steps.js';
import type { AttemptScope } from '../../lib/runtime/attempt-scope.js';
import { type AttemptSettings, endOf, startAttempt } from '../support/attempt-on-journal.js';
import { JournalOfOne } from '../support/journal-store.js';
import { random } from '../support/random-programs.js';

const PROGRAMS = Number(process.env.DURABLE_TEST_PROGRAMS ?? 100);
const SEED = Number(process.env.DURABLE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** What a program did and undid outside, in this order. */
type Effects = string[];

function call(name: string, run: () => unknown, retry = {}): StepCall {
  return {
    name,
    retry: { ...DEFAULT_STEP_RETRY, initialDelayMs: 0, ...retry },
    timeoutMs: undefined,
    run: async () => run(),
  };
}

/** A step that is undone by its result. */
function undoable(effects: Effects, name: string, ms = 0): StepCall {
  const body = async (): Promise<string> => {
    effects.push(`did ${name}`);
    if (ms > 0) await new Promise(resolve => setTimeout(resolve, ms));
    return `result of ${name}`;
  };
  return {
    ...call(name, body),
    undo: result => call(name, () => effects.push(`undid ${name} ${String(result)}`)),
  };
}

interface Ran {
  readonly end: ReturnType<typeof endOf>;
  readonly crashed: boolean;
}

/** One attempt until it ends, or until it dies at its n-th commit. */
async function attemptOnce(
  store: JournalOfOne,
  body: (scope: AttemptScope) => Promise<unknown>,
  crashAt: number,
  settings: AttemptSettings = {},
): Promise<Ran> {
  const how = { retry: { maxAttempts: 1 }, crashAt, ...settings };
  const started = startAttempt(store, (_, scope) => body(scope), how);
  const end = endOf(await started.done);
  return { end, crashed: end === undefined };
}

/** Compensations that are recorded as done, in the order in which they were done. */
function undone(store: JournalOfOne): string[] {
  return [...store.entries.values()]
    .filter(({ kind, outcome }) => kind === 'compensation' && outcome === 'ok')
    .sort((one, other) => one.index - other.index)
    .map(({ name }) => name);
}

/** What is to be undone, as the journal has it: steps that were delivered, the last first. */
function delivered(store: JournalOfOne): string[] {
  return [...store.entries.values()]
    .filter(({ kind, seq, name }) => kind === 'step' && seq !== null && name.startsWith('u'))
    .sort((one, other) => Number(other.seq) - Number(one.seq))
    .map(({ name }) => name);
}

describe('a saga', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
    'goes on after a crash at commit %i, whatever its handler does then',
    async crashAt => {
      const store = new JournalOfOne();
      const effects: Effects = [];
      let starts = 0;
      const body = async (scope: AttemptScope): Promise<void> => {
        starts++;
        await scope.step(undoable(effects, 'a'));
        scope.compensate(call('b', () => effects.push('undid b')));
        await scope.step(undoable(effects, 'c'));
        scope.now();
        // Only until something is undone: after that the code would go on.
        if (!effects.some(effect => effect.startsWith('undid'))) throw new TerminalError('bad');
        await scope.step(undoable(effects, 'never'));
      };
      await attemptOnce(store, body, crashAt);
      for (let tries = 0; !store.transition; tries++) {
        expect(tries).toBeLessThan(3);
        await attemptOnce(store, body, Infinity);
      }
      expect(store.transition).toMatchObject({ status: 'failed' });
      expect(undone(store)).toEqual(['c', 'b', 'a']);
      expect(effects).not.toContain('did never');
      // What was in flight at the crash may come twice, and nothing else.
      const undoings = effects.filter(effect => effect.startsWith('undid'));
      expect([...new Set(undoings)]).toEqual(['undid c result of c', 'undid b', 'undid a result of a']);
      expect(undoings.length).toBeLessThanOrEqual(4);
      expect(starts).toBeLessThanOrEqual(2);
    },
  );

  it(`undoes each success once, in reverse, from every crash point (seed ${SEED})`, async () => {
    for (let at = 0; at < PROGRAMS; at++) {
      const next = random(SEED + at);
      const branches = Array.from({ length: 1 + Math.floor(next() * 3) }, (_, branch) =>
        Array.from({ length: 1 + Math.floor(next() * 3) }, (__, step) => ({
          name: `u${branch}${step}`,
          ms: Math.floor(next() * 3),
          fails: next() < 0.25,
        })),
      );
      const store = new JournalOfOne();
      const effects: Effects = [];
      const body = async (scope: AttemptScope): Promise<void> => {
        const run = async (steps: (typeof branches)[number]): Promise<void> => {
          for (const { name, ms, fails } of steps) {
            if (fails) await scope.step(call(`fails ${name}`, () => Promise.reject(new TerminalError(name))));
            await scope.step(undoable(effects, name, ms));
          }
        };
        await Promise.all(branches.map(run));
        throw new TerminalError('end');
      };
      for (let tries = 0; ; tries++) {
        const crashAt = tries < 6 && next() < 0.8 ? 1 + Math.floor(next() * 6) : Infinity;
        const { end } = await attemptOnce(store, body, crashAt);
        if (!end) continue;
        const note = { seed: SEED + at, branches };
        expect({ ...note, status: end.status }).toEqual({ ...note, status: 'failed' });
        const journal = [...store.entries.values()];
        expect({ ...note, journal, undone: undone(store) }).toEqual({
          ...note,
          journal,
          undone: delivered(store),
        });
        // One that was called and is not known to have happened is undone as well, without a result.
        const did = effects.filter(effect => effect.startsWith('did')).map(effect => effect.slice(4));
        expect(undone(store)).toEqual(expect.arrayContaining([...new Set(did)]));
        break;
      }
    }
  });

  it('is paused if its handler ends before it has repeated what it did: that would stay as it is', async () => {
    const store = new JournalOfOne();
    const effects: Effects = [];
    let isDown = false;
    const body = async (scope: AttemptScope): Promise<void> => {
      if (isDown) throw new TerminalError('the database is away');
      await scope.step(undoable(effects, 'a'));
      throw new Error('again');
    };
    await attemptOnce(store, body, Infinity, { retry: { maxAttempts: 2 } });
    expect(store.transition).toMatchObject({ status: 'backing_off' });
    isDown = true;
    const { end } = await attemptOnce(store, body, Infinity);
    expect(end).toMatchObject({
      status: 'paused',
      value: { code: 'DURABLE_COMPENSATION_FAILED', cause: { message: 'the database is away' } },
    });
    isDown = false;
    expect((await attemptOnce(store, body, Infinity)).end).toMatchObject({ status: 'failed' });
    expect(effects).toEqual(['did a', 'undid a result of a']);
  });

  it('is paused with what its code left out, if that is why its end came too early', async () => {
    const store = new JournalOfOne();
    const effects: Effects = [];
    let isOld = true;
    const body = async (scope: AttemptScope): Promise<void> => {
      await scope.step(undoable(effects, 'a'));
      if (isOld) await scope.sleep({ ms: 3_600_000 });
      throw new TerminalError('no sleep any more');
    };
    await attemptOnce(store, body, Infinity);
    expect(store.transition).toMatchObject({ status: 'suspended' });
    isOld = false;
    const { end } = await attemptOnce(store, body, Infinity);
    expect(end).toMatchObject({
      status: 'paused',
      value: {
        code: 'DURABLE_COMPENSATION_FAILED',
        cause: { code: 'DURABLE_JOURNAL_MISMATCH', index: 1, cause: { message: 'no sleep any more' } },
      },
    });
  });

  it('is suspended while a compensation waits long for its next try', async () => {
    const store = new JournalOfOne();
    let tries = 0;
    const slow = call(
      'slow',
      () => {
        if (++tries < 3) throw new Error('not yet');
      },
      { initialDelayMs: 30, jitter: false },
    );
    const body = async (scope: AttemptScope): Promise<void> => {
      scope.compensate(slow);
      throw new TerminalError('bad');
    };
    const first = await attemptOnce(store, body, Infinity, { residentMs: 0 });
    expect(first.end).toMatchObject({ status: 'backing_off' });
    while (store.transition?.status === 'backing_off') {
      await new Promise(resolve => setTimeout(resolve, store.transition?.dueInMs ?? 0));
      await attemptOnce(store, body, Infinity, { residentMs: 0 });
    }
    expect([store.transition?.status, tries]).toEqual(['failed', 3]);
  });

  it('does more than wait as soon as the next try of a compensation runs', async () => {
    const rested: boolean[] = [];
    const undo = (): void => {
      rested.push(attempt.rests);
      if (rested.length < 3) throw new Error('not yet');
    };
    const body = async (scope: AttemptScope): Promise<void> => {
      scope.compensate(call('undo', undo, { initialDelayMs: 10, jitter: false }));
      throw new TerminalError('bad');
    };
    const { attempt, done } = startAttempt(new JournalOfOne(), (_, scope) => body(scope));
    expect(endOf(await done)?.status).toBe('failed');
    expect(rested).toEqual([false, false, false]);
  });

  it('is marked in the store before the first thing is done that can be undone', async () => {
    const store = new JournalOfOne();
    const marks: boolean[] = [];
    const body = async (scope: AttemptScope): Promise<void> => {
      const first = call('first', () => marks.push(store.entries.has(SAGA_INDEX)));
      await scope.step({ ...first, undo: () => call('undo', () => undefined) });
    };
    expect((await attemptOnce(store, body, Infinity)).end).toMatchObject({ status: 'completed' });
    expect(marks).toEqual([true]);
  });

  it('costs nothing where there is nothing to undo', async () => {
    const store = new JournalOfOne();
    await attemptOnce(
      store,
      async scope => scope.step(call('a', () => Promise.reject(new TerminalError('x')))),
      Infinity,
    );
    expect([...store.entries.values()].map(({ kind }) => kind)).toEqual(['step']);
  });
});
