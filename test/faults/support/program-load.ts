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
    this.trial.count('programs');
    this.trial.count('operations', program.expected.acts);
    this.trial.count('invocations', program.expected.invocations);
  }

  /** Brings the signals and completions that programs ask the test for, until {@link end}. */
  async bring(): Promise<void> {
    while (!this.#isOver) {
      const lines = this.scene.ledger.lines();
      const news = lines.slice(this.#brought);
      this.#brought = lines.length;
      await Promise.all(
        news.map(({ what, name, id = '', token = '' }) => {
          const value = Number(token.split(' ')[1]);
          if (what === 'awakeable')
            return this.client.ask({ do: 'complete', awakeable: name, value }).catch(unlessCompleted);
          return this.client.ask({ do: 'signal', id, name, value, key: token }).catch(unlessOver);
        }),
      );
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  }

  /** Resolves when that many more have come to their ends, or nothing more is brought. */
  async progress(count: number): Promise<void> {
    const ended = this.trial.counted('programs');
    while (!this.#isOver && this.trial.counted('programs') < ended + count)
      await new Promise(resolve => setTimeout(resolve, 20));
  }

  end(): void {
    this.#isOver = true;
  }

  /** What is not as the programs say, those first that are the smallest, as sentences. */
  async wrong(): Promise<string[]> {
    const rows = await this.scene.database.query<{ name: string; value: string }>(
      'select name, value from durable.state',
    );
    const kept = new Map<string, Map<string, string[]>>();
    for (const { name, value } of rows) {
      const program = /^program \d+/.exec(name)?.[0] ?? '';
      const state = kept.get(program) ?? new Map<string, string[]>();
      kept.set(program, state.set(name, [...(state.get(name) ?? []), value]));
    }
    const bySize = this.started.toSorted((one, other) => one.expected.acts - other.expected.acts);
    const wrong = bySize.map(program => ({
      program,
      differences: this.compare(program, kept.get(program.name)),
    }));
    const { invocations = 0 } =
      (
        await this.scene.database.query<{ invocations: number }>(
          'select count(*)::int as invocations from durable.invocation',
        )
      )[0] ?? {};
    const due = this.started.reduce((sum, { expected }) => sum + expected.invocations, 0);
    return [
      ...wrong
        .filter(({ differences }) => differences.length > 0)
        .map(({ program, differences }) => tell(program, differences)),
      ...(invocations === due ? [] : [`${invocations} invocations instead of ${due}`]),
    ];
  }

  private compare({ expected, outcome }: Started, kept: Map<string, string[]> | undefined): string[] {
    const names = new Set([...expected.state.keys(), ...(kept?.keys() ?? [])]);
    this.trial.count('counters compared', names.size);
    const state = [...names].flatMap(name => {
      const [due, is] = [
        `${expected.state.get(name) ?? 'nothing'}`,
        kept?.get(name)?.join(' and ') ?? 'nothing',
      ];
      return due === is ? [] : [`${name}: ${is} instead of ${due}`];
    });
    const result = outcome === expected.outcome ? [] : [`it gave ${outcome} instead of ${expected.outcome}`];
    return [...result, ...state];
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
