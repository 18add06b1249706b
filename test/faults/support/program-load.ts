import type { Routine } from '../../apps/faults/program.js';
import { type Effects, effectsOf } from './program-effects.js';
import { generateProgram } from './program-generator.js';
import type { Scene } from './scene.js';
import type { Trial } from './trial.js';
import { RemoteError, type WorkerProcess } from './worker-process.js';

/** Programs that share their objects. */
const NEIGHBOURS = 8;

/** A program that was started. */
export interface Started {
  readonly seed: number;
  readonly name: string;
  readonly routine: Routine;
  readonly expected: Effects;
  /** What its first routine came to. */
  outcome?: number | string;
}

/** Starts programs, brings them what they wait for, and compares what came of them with what must have. */
export class ProgramLoad {
  readonly started: Started[] = [];
  #isOver = false;
  #brought = 0;

  constructor(
    private readonly scene: Scene,
    private readonly client: WorkerProcess,
    private readonly trial: Trial,
    private readonly seedOf: (number: number) => number,
  ) {}

  /** Starts one; resolves when its first routine has come to its end. */
  async follow(): Promise<void> {
    const number = this.started.length;
    const seed = this.seedOf(number);
    const name = `program ${number}`;
    const routine = generateProgram(seed, `${Math.floor(number / NEIGHBOURS)}`);
    const program: Started = { seed, name, routine, expected: effectsOf(name, routine) };
    this.started.push(program);
    const id = await this.client.ask<string>({ do: 'program', name, routine });
    program.outcome = await this.client.ask<number>({ do: 'result', id }).catch(failureOf);
    this.trial.total('random programs');
    this.trial.count('operations', program.expected.acts);
  }

  /** Brings the signals and completions that programs ask the test for, until {@link end}. */
  async bring(): Promise<void> {
    while (!this.#isOver) {
      const lines = this.scene.ledger.lines();
      const news = lines.slice(this.#brought);
      this.#brought = lines.length;
      await Promise.all(
        news.map(async ({ what, name, id = '', token = '' }) => {
          const value = Number(token.split(' ')[1]);
          if (what === 'awakeable')
            return this.client.ask({ do: 'complete', awakeable: name, value }).catch(unlessCompleted);
          if (what !== 'signal') return undefined;
          return this.client.ask({ do: 'signal', id, name, value, key: token }).catch(unlessOver);
        }),
      );
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  }

  /** Resolves when that many more have come to their ends, or nothing more is brought. */
  async progress(count: number): Promise<void> {
    const ended = this.trial.counted('random programs');
    while (!this.#isOver && this.trial.counted('random programs') < ended + count)
      await new Promise(resolve => setTimeout(resolve, 20));
  }

  end(): void {
    this.#isOver = true;
  }

  /** What is not as the programs say, those first that are the smallest, as sentences. */
  async wrong(): Promise<string[]> {
    const [kept, invoked] = await Promise.all([this.kept(), this.invoked()]);
    const bySize = this.started.toSorted((one, other) => one.expected.acts - other.expected.acts);
    const wrong = bySize.flatMap(program => {
      const differences = [
        ...this.compare(program, kept.get(program.name) ?? new Map()),
        ...this.compareInvocations(program, invoked.get(program.name) ?? new Map()),
      ];
      return differences.length === 0 ? [] : [tell(program, differences)];
    });
    const names = new Set(this.started.map(({ name }) => name));
    const strange = [...invoked.keys()].filter(name => !names.has(name));
    return [...wrong, ...strange.map(name => `there are invocations of '${name}', which was never started`)];
  }

  /** What objects keep, by program and name. */
  private async kept(): Promise<Map<string, Map<string, string[]>>> {
    const rows = await this.scene.database.query<{ name: string; value: string }>(
      'select name, value from durable.state',
    );
    const kept = new Map<string, Map<string, string[]>>();
    for (const { name, value } of rows) {
      const program = /^program \d+/.exec(name)?.[0] ?? '';
      const state = kept.get(program) ?? new Map<string, string[]>();
      kept.set(program, state.set(name, [...(state.get(name) ?? []), value]));
    }
    return kept;
  }

  /** How many invocations there are, by program, which is the first argument of each, and handler. */
  private async invoked(): Promise<Map<string, Map<string, number>>> {
    const rows = await this.scene.database.query<{ program: string; handler: string; count: number }>(
      `select input::json->>0 as program, service || '.' || handler as handler, count(*)::int as count
       from durable.invocation group by 1, 2`,
    );
    const invoked = new Map<string, Map<string, number>>();
    for (const { program, handler, count } of rows) {
      this.trial.total('invocations accepted', count);
      const handlers = invoked.get(program) ?? new Map<string, number>();
      invoked.set(program, handlers.set(handler, count));
    }
    return invoked;
  }

  private compare({ expected, outcome }: Started, kept: ReadonlyMap<string, readonly string[]>): string[] {
    const names = new Set([...expected.state.keys(), ...kept.keys()]);
    this.trial.count('counters compared', names.size);
    const state = [...names].flatMap(name => {
      const [due, is] = [
        `${expected.state.get(name) ?? 'nothing'}`,
        kept.get(name)?.join(' and ') ?? 'nothing',
      ];
      return due === is ? [] : [`${name}: ${is} instead of ${due}`];
    });
    const result = outcome === expected.outcome ? [] : [`it gave ${outcome} instead of ${expected.outcome}`];
    const wrong = [...result, ...state];
    this.trial.total('wrong outcomes', wrong.length);
    return wrong;
  }

  /** Every child is accepted once: counters alone would not tell of one more that adds nothing to any. */
  private compareInvocations({ expected }: Started, invoked: ReadonlyMap<string, number>): string[] {
    const handlers = new Set([...expected.invocations.keys(), ...invoked.keys()]);
    return [...handlers].flatMap(handler => {
      const [due, are] = [expected.invocations.get(handler) ?? 0, invoked.get(handler) ?? 0];
      if (due === are) return [];
      this.trial.total(are < due ? 'invocations lost' : 'invocations too many', Math.abs(due - are));
      return [`${are} invocations of ${handler} instead of ${due}`];
    });
  }
}

function tell({ seed, name, routine, expected: { acts } }: Started, differences: readonly string[]): string {
  return `${name}, seed ${seed}, ${acts} acts: ${differences.join('; ')}\n  ${JSON.stringify(routine)}`;
}

function failureOf(error: unknown): string {
  if (error instanceof RemoteError)
    return error.failure.name === 'TerminalError' ? error.message : `${error.failure.name}: ${error.message}`;
  throw error;
}

/** The step that asked for it was run again. */
function unlessCompleted(error: unknown): void {
  unless(error, ['AwakeableCompletedError', 'InvocationOverError']);
}

function unlessOver(error: unknown): void {
  unless(error, ['InvocationOverError']);
}

function unless(error: unknown, names: readonly string[]): void {
  if (!(error instanceof RemoteError && names.includes(error.failure.name))) throw error;
}
