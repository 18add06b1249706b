import { parseAwakeableId } from '../../lib/codec/awakeable-id.js';
import { JsonCodec } from '../../lib/codec/index.js';
import type { AttemptScope } from '../../lib/runtime/attempt-scope.js';
import { endOf, startAttempt, type TestStep } from '../support/attempt-on-journal.js';
import { JournalOfOne } from '../support/journal-store.js';
import { generate, type Op, type Program, random } from '../support/random-programs.js';

const PROGRAMS = Number(process.env.DURABLE_TEST_PROGRAMS ?? 250);
const SEED = Number(process.env.DURABLE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
const codec = new JsonCodec();

interface Trace {
  /** Calls of durable operations, in their order, with what some of them gave at once. */
  readonly calls: string[];
  /** Bodies that were run. */
  readonly executed: string[];
  /** Signals that were given to user code. */
  readonly signals: string[];
}

/** What is outside of the invocation: children that end, people who send signals and complete awakeables. */
class World {
  private readonly told = new Set<string>();

  constructor(
    private readonly store: JournalOfOne,
    private readonly next: () => number,
  ) {
    store.onAccept = ({ id, parent, input }) => {
      const index = parent?.index;
      const [name, fails] = codec.decode(input) as [string, boolean];
      if (typeof index === 'number') this.later(id, () => this.settle(index, name, fails));
    };
  }

  complete(id: string, name: string, fails: boolean): void {
    const { entry } = parseAwakeableId('test', id);
    this.later(id, () => this.settle(entry.index, name, fails));
  }

  signal(name: string, value: string): void {
    this.later(value, () => this.store.signal({ id: value, name, value: codec.encode(value) }));
  }

  /** Once, after a while: at once, or within some turns of the event loop. */
  private later(what: string, act: () => void): void {
    if (this.told.has(what)) return;
    this.told.add(what);
    const ms = Math.floor(this.next() * 6);
    if (ms === 0) setImmediate(act);
    else setTimeout(act, ms);
  }

  private settle(index: number, name: string, fails: boolean): void {
    const error = JSON.stringify({ name: 'Error', message: name });
    this.store.settle(index, fails ? 'error' : 'ok', fails ? error : codec.encode(name));
  }
}

interface Run {
  readonly step: TestStep;
  readonly scope: AttemptScope;
  readonly world: World;
  readonly trace: Trace;
  readonly isDriving: () => boolean;
}

/** Runs a program; what an operation gives is its name. */
async function execute(program: Program, run: Run): Promise<unknown> {
  if (!('parts' in program)) return perform(program, run);
  const part = (one: Program): Promise<unknown> => execute(one, run);
  const after = (name: string): Promise<unknown> => perform({ op: 'step', name, fails: false, ms: 0 }, run);
  switch (program.op) {
    case 'seq': {
      const results: unknown[] = [];
      for (const one of program.parts) results.push(await part(one).catch(() => after('compensate')));
      return results;
    }
    case 'all':
      return Promise.all(program.parts.map(part));
    case 'race':
      return Promise.race(program.parts.map(part));
    case 'any':
      return Promise.any(program.parts.map(part));
    case 'settled':
      return (await Promise.allSettled(program.parts.map(part))).map(one => one.status);
    case 'branch': {
      const branches = program.parts.map((one, at) =>
        part(one).then(
          () => at,
          () => -at - 1,
        ),
      );
      return after(`took ${await Promise.race(branches)}`);
    }
    case 'loose':
      for (const one of program.parts) part(one).catch(() => undefined);
      return after('left them');
  }
}

const STUCK_MS = 20_000;
const LONG_MS = 60_000;
const SHORT_MS = 2;

async function perform(op: Op, { step, scope, world, trace, isDriving }: Run): Promise<unknown> {
  // After its end, what a handler is given at once is recorded no more: nobody will know.
  const gave = (what: string): void => void (isDriving() && trace.calls.push(what));
  const name = 'name' in op ? op.name : '';
  const timeout = 'timeout' in op && op.timeout ? SHORT_MS : LONG_MS;
  trace.calls.push(`${op.op} ${name}`);
  switch (op.op) {
    case 'step':
      return step(
        name,
        async () => {
          trace.executed.push(name);
          if (op.ms > 0) await new Promise(resolve => setTimeout(resolve, op.ms));
          if (op.fails) throw new Error(name);
          return name;
        },
        { maxAttempts: 1 },
      );
    case 'sleep':
      return scope.sleep({ ms: op.ms });
    case 'call':
      return scope.call({ ...CHILD, args: [name, op.fails] }, timeout);
    case 'send':
      return scope.send({ ...CHILD, args: [name, false] });
    case 'awakeable': {
      const { id, promise } = scope.awakeable(timeout);
      gave(id);
      await step(`tell ${name}`, () => world.complete(id, name, op.fails));
      return promise;
    }
    case 'signal':
      world.signal(name, op.value);
      return scope.awaitSignal(name, timeout).then(value => {
        trace.signals.push(value as string);
        return value;
      });
    case 'state': {
      const state = scope.state('test');
      const value = state.get(name);
      if (op.change === 'set') state.set(name, [value ?? null].flat().length + trace.calls.length);
      if (op.change === 'delete') state.delete(name);
      gave(JSON.stringify([value, state.get(name), state.keys()]));
      return state.get(name);
    }
    case 'sources': {
      const drawn = [scope.now().getTime(), scope.random(), scope.uuid(), scope.uuid()];
      gave(drawn.join(' '));
      return drawn;
    }
  }
}

const CHILD = {
  target: { service: 'Child', handler: 'run', kind: 'service' as const },
  key: undefined,
  idempotencyKey: undefined,
  delayMs: 0,
  deadline: undefined,
  at: undefined,
};

/** One attempt until it ends, or until it is stopped at its n-th commit. */
async function attemptOnce(
  program: Program,
  store: JournalOfOne,
  world: World,
  settings: { crashAt: number; residentMs: number },
): Promise<{ trace: Trace; end: ReturnType<typeof endOf> }> {
  const trace: Trace = { calls: [], executed: [], signals: [] };
  const recorded = new Set(
    [...store.entries.values()].filter(entry => entry.outcome).map(entry => entry.name),
  );
  const isDriving = (): boolean => started.attempt.isDriving;
  const started = startAttempt(
    store,
    (step, scope) => execute(program, { step, scope, world, trace, isDriving }),
    { kind: 'exclusive', ...settings },
  );
  const stuck = setTimeout(() => {
    throw new Error(`stuck: ${JSON.stringify({ program, journal: [...store.entries.values()] })}`);
  }, STUCK_MS);
  const end = endOf(await started.done);
  clearTimeout(stuck);
  // The owner never starts a step whose result is recorded (P2).
  for (const name of trace.executed) if (name.startsWith('x')) expect(recorded).not.toContain(name);
  // A signal is given once, whatever was replayed.
  expect(new Set(trace.signals).size).toBe(trace.signals.length);
  return { trace, end };
}

/** Waits, as a store would, until a suspended invocation is due. */
async function untilDue(store: JournalOfOne): Promise<void> {
  const { transition } = store;
  if (!transition || transition.wakes !== store.wakes) return;
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>(resolve => {
    store.onArrival = resolve;
    if (transition.dueInMs !== null) timer = setTimeout(resolve, transition.dueInMs);
  });
  clearTimeout(timer);
}

describe('native promises replay', () => {
  it.each([
    ['as they ran, from every crash point', 5_000, 0.7],
    ['though the invocation is suspended at every wait', 0, 0.3],
  ])(
    `%s, in ${PROGRAMS} random programs over all operations (seed ${SEED})`,
    async (_, residentMs, crashes) => {
      for (let at = 0; at < PROGRAMS; at++) {
        const seed = SEED + at;
        const next = random(seed);
        const program = generate(next);
        const store = new JournalOfOne();
        const world = new World(store, random(seed + 1));
        let run: Awaited<ReturnType<typeof attemptOnce>>;
        for (;;) {
          const crashAt = next() < crashes ? 1 + Math.floor(next() * 8) : Infinity;
          run = await attemptOnce(program, store, world, { crashAt, residentMs });
          if (run.end?.status === 'suspended') await untilDue(store);
          else if (run.end) break;
        }
        const note = { seed, program };
        expect({ ...note, status: run.end.status }).not.toMatchObject({ status: 'paused' });
        // The whole journal, replayed: same calls, same result, nothing executed.
        const again = await attemptOnce(program, store, world, { crashAt: Infinity, residentMs: 5_000 });
        const seen = { ...note, end: again.end, calls: again.trace.calls };
        expect(seen).toEqual({ ...note, end: run.end, calls: run.trace.calls });
      }
    },
    600_000,
  );
});
