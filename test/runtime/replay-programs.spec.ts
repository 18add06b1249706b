import { endOf, startAttempt, type TestStep } from '../support/attempt-on-journal.js';
import { JournalOfOne } from '../support/journal-store.js';

/** A random program over steps and native promises. */
type Program =
  | { readonly kind: 'step'; readonly name: string; readonly fails: boolean; readonly ms: number }
  | { readonly kind: Combinator; readonly parts: readonly Program[] };
type Combinator = 'seq' | 'all' | 'race' | 'any' | 'settled' | 'branch' | 'loose';
const COMBINATORS: readonly Combinator[] = ['seq', 'all', 'race', 'any', 'settled', 'branch', 'loose'];

const PROGRAMS = Number(process.env.DURABLE_TEST_PROGRAMS ?? 500);
const SEED = Number(process.env.DURABLE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function generate(next: () => number, depth = 0): Program {
  if (depth > 3 || (depth > 0 && next() < 0.35)) {
    return {
      kind: 'step',
      name: `x${Math.floor(next() * 1e6)}`,
      fails: next() < 0.15,
      ms: Math.floor(next() * 4),
    };
  }
  const kind = COMBINATORS[Math.floor(next() * COMBINATORS.length)] as Combinator;
  const parts = Array.from({ length: 2 + Math.floor(next() * 3) }, () => generate(next, depth + 1));
  return { kind, parts };
}

interface Trace {
  /** Calls of durable operations, in their order. */
  readonly calls: string[];
  /** Bodies that were run. */
  readonly executed: string[];
}

/** Runs a program; what a step returns is its name. */
async function execute(program: Program, step: TestStep, trace: Trace): Promise<unknown> {
  if (program.kind === 'step') {
    const { name, fails, ms } = program;
    trace.calls.push(name);
    return step(
      name,
      async () => {
        trace.executed.push(name);
        if (ms > 0) await new Promise(resolve => setTimeout(resolve, ms));
        if (fails) throw new Error(name);
        return name;
      },
      { maxAttempts: 1 },
    );
  }
  const run = (part: Program): Promise<unknown> => execute(part, step, trace);
  const after = async (name: string): Promise<unknown> =>
    execute({ kind: 'step', name, fails: false, ms: 0 }, step, trace);
  switch (program.kind) {
    case 'seq': {
      const results: unknown[] = [];
      for (const part of program.parts) results.push(await run(part).catch(() => after('compensate')));
      return results;
    }
    case 'all':
      return Promise.all(program.parts.map(run));
    case 'race':
      return Promise.race(program.parts.map(run));
    case 'any':
      return Promise.any(program.parts.map(run));
    case 'settled':
      return (await Promise.allSettled(program.parts.map(run))).map(one => one.status);
    case 'branch': {
      const first = await Promise.race(
        program.parts.map((part, at) =>
          run(part).then(
            () => at,
            () => -at - 1,
          ),
        ),
      );
      return after(`took ${first}`);
    }
    case 'loose':
      // Not awaited: its rejection must not end the process.
      for (const part of program.parts) run(part).catch(() => undefined);
      return after('left them');
  }
}

/** One attempt until it ends, or until it is stopped at its n-th commit. */
async function attemptOnce(
  program: Program,
  store: JournalOfOne,
  crashAt: number,
): Promise<{ trace: Trace; end: ReturnType<typeof endOf> }> {
  const trace: Trace = { calls: [], executed: [] };
  const recorded = new Set(
    [...store.entries.values()].filter(entry => entry.outcome).map(entry => entry.index),
  );
  const { attempt, done } = startAttempt(store, step => execute(program, step, trace));
  store.commits = 0;
  store.beforeCommit = commit => {
    // The process dies: nothing of this commit is applied, and nothing after it.
    if (commit >= crashAt) attempt.lose();
    if (commit >= crashAt) store.epoch++;
  };
  const end = endOf(await done);
  for (const index of recorded) {
    // The owner never starts a step whose result is recorded (P2).
    const name = store.entries.get(index)?.name;
    if (name?.startsWith('x')) expect(trace.executed).not.toContain(name);
  }
  return { trace, end };
}

describe('native promises replay', () => {
  it(`as they ran, from every crash point, in ${PROGRAMS} random programs (seed ${SEED})`, async () => {
    for (let at = 0; at < PROGRAMS; at++) {
      const seed = SEED + at;
      const next = random(seed);
      const program = generate(next);
      const store = new JournalOfOne();
      let end: ReturnType<typeof endOf>;
      let prefix: string[] = [];
      do {
        const crashAt = next() < 0.7 ? 1 + Math.floor(next() * 6) : Infinity;
        const run = await attemptOnce(program, store, crashAt);
        end = run.end;
        if (end) prefix = run.trace.calls;
      } while (!end);
      // The whole journal, replayed: same calls, same result, nothing executed.
      const again = await attemptOnce(program, store, Infinity);
      const note = { seed, program };
      expect({ ...note, end: again.end, calls: again.trace.calls }).toEqual({ ...note, end, calls: prefix });
    }
  }, 300_000);
});
