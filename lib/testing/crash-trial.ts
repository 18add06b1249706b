import { createHash } from 'node:crypto';
import { inspect, isDeepStrictEqual } from 'node:util';
import { v7 } from 'uuid';
import type { WorkerHost } from '../execution/worker-host.js';
import type { Batch, BatchResult } from '../ports/store.js';
import type { Backend } from '../runtime/backend.js';
import type { Bench } from './bench.js';
import { CommitLog } from './commit-log.js';
import { CrashError } from './errors.js';
import type { Idleness } from './idleness.js';
import { type JournalBook, readJournals } from './journal-book.js';
import type { TestClock } from './test-clock.js';

/** How crashes are tried. */
export interface CrashOptions {
  /** Called before each run: puts back what the durable code changes outside, such as the ledgers of a test's fakes. */
  readonly prepare?: () => unknown;
}

/** What has come of it. */
export interface CrashReport<T> {
  /** What `invoke` gave, each time. */
  readonly result: T;
  /** Where the worker died, one for each run with a crash. */
  readonly crashes: readonly string[];
}

export interface CrashTrialParts {
  readonly bench: Bench;
  readonly clock: TestClock;
  readonly idleness: Idleness;
  readonly backend: Backend;
  readonly host: WorkerHost;
}

/** Where a worker dies: at the commit of that number, from 0. */
interface Crash {
  readonly at: number;
  readonly when: 'before' | 'after';
}

/** What came of one run. */
interface Run<T> {
  readonly outcome: PromiseSettledResult<T>;
  readonly log: CommitLog;
  readonly journals: JournalBook;
  /** Where it crashed. */
  readonly crash: string | undefined;
}

const NO_CRASH = 'nowhere';

/** Runs the same again and again, with another crash each time. */
export class CrashTrial<T> {
  private readonly start: number;

  constructor(
    private readonly parts: CrashTrialParts,
    private readonly invoke: () => PromiseLike<T>,
    private readonly options: CrashOptions,
  ) {
    this.start = parts.clock.now().getTime();
  }

  /** @throws CrashError, and what `invoke` throws in every run */
  async run(): Promise<CrashReport<T>> {
    const { bench, idleness } = this.parts;
    await idleness.reached();
    try {
      const expected = await this.once();
      if (expected.log.commits.length === 0)
        throw this.error(NO_CRASH, 'none was possible: invoke() led to no commit', expected.journals);
      const crashes = await this.crashAtEach(expected);
      if (expected.outcome.status === 'rejected') throw expected.outcome.reason;
      return { result: expected.outcome.value, crashes };
    } finally {
      bench.trial = undefined;
      bench.steps.onRun = () => undefined;
    }
  }

  private async crashAtEach(expected: Run<T>): Promise<string[]> {
    const crashes: string[] = [];
    for (const [at, { isOfWorker }] of expected.log.commits.entries()) {
      for (const when of isOfWorker ? (['before', 'after'] as const) : (['after'] as const)) {
        const run = await this.once({ at, when }, expected);
        if (run.crash === undefined) continue;
        crashes.push(run.crash);
        this.compare(run, run.crash, expected);
      }
    }
    return crashes;
  }

  private async once(crash?: Crash, expected?: Run<T>): Promise<Run<T>> {
    const { bench, backend, host, clock, idleness } = this.parts;
    await this.reset();
    const log = new CommitLog(backend.errors);
    const defects: string[] = [];
    let crashed: string | undefined;
    let hopeless: (error: Error) => void = () => undefined;
    const ruined = new Promise<never>((_, reject) => (hopeless = reject));
    ruined.catch(() => undefined);
    const die = async (when: Crash['when']): Promise<void> => {
      const at = log.commits.length - 1;
      if (crashed !== undefined || crash?.when !== when || crash.at !== at) return;
      crashed = `${when} ${log.commits[at]?.label ?? ''}`;
      await host.replaceDead();
      // What the dead one would have told is found by who looks for it.
      bench.clock.look();
    };
    const reach = async (point: string, batch?: Batch, result?: BatchResult): Promise<void> => {
      if (!batch) return;
      if (point.endsWith(':before')) return log.begins(batch) ? die('before') : undefined;
      if (!log.ends(batch, result)) return;
      const defect = log.defect(batch);
      if (defect) hopeless(defect);
      await die('after');
    };
    bench.steps.onRun = (key, name) => {
      if (log.recorded.has(key))
        defects.push(`step ${name} was run again, although its outcome was recorded (${key})`);
    };
    bench.trial = { reach, newId: sequence(this.start) };
    const invoked = Promise.resolve().then(() => this.invoke());
    const [outcome] = await Promise.allSettled([clock.advanceUntil(Promise.race([invoked, ruined]))]);
    const ended = await Promise.race([
      ruined.then(undefined, (error: Error) => error),
      idleness.reached().then(() => undefined),
    ]);
    const journals = await readJournals(backend);
    const where = crashed ?? NO_CRASH;
    if (ended)
      throw this.error(
        where,
        `the handler is not deterministic. ${ended.name}: ${ended.message}`,
        journals,
        expected,
      );
    if (defects[0] !== undefined) throw this.error(where, defects[0], journals, expected);
    return { outcome, log, journals, crash: crashed };
  }

  /** Nothing that was before is left: neither in the store, nor in a worker. */
  private async reset(): Promise<void> {
    const { bench, host } = this.parts;
    bench.trial = undefined;
    await host.replaceDead();
    await bench.database.forget();
    await bench.database.setTime(this.start);
    bench.clock.show(this.start);
    bench.steps.rewind();
    await this.options.prepare?.();
  }

  private compare(run: Run<T>, crash: string, expected: Run<T>): void {
    const [wanted, came] = [shown(expected.outcome), shown(run.outcome)];
    if (!isDeepStrictEqual(comparable(run.outcome), comparable(expected.outcome)))
      throw this.error(
        crash,
        `the outcome was ${came}, and ${wanted} without it`,
        run.journals,
        expected,
        run.outcome,
      );
    const ends = run.journals.ends.join('\n  ');
    const wantedEnds = expected.journals.ends.join('\n  ');
    if (ends !== wantedEnds)
      throw this.error(
        crash,
        `there were other invocations:\n  ${ends}\nand without it:\n  ${wantedEnds}`,
        run.journals,
        expected,
      );
  }

  private error(
    crash: string,
    problem: string,
    actual: JournalBook,
    expected?: Run<T>,
    outcome?: PromiseSettledResult<T>,
  ): CrashError {
    const journals = { expected: (expected?.journals ?? actual).text, actual: actual.text };
    const cause: unknown = outcome?.status === 'rejected' ? outcome.reason : undefined;
    return new CrashError(crash, problem, journals, cause === undefined ? {} : { cause });
  }
}

/** The same ids in each run, so that what follows from them is the same. */
function sequence(start: number): () => string {
  let made = 0;
  return () =>
    v7({
      msecs: start + made,
      seq: 0,
      random: createHash('sha256').update(`${made++}`).digest().subarray(0, 16),
    });
}

function comparable(outcome: PromiseSettledResult<unknown>): unknown {
  if (outcome.status === 'fulfilled') return outcome;
  const { reason } = outcome as { reason: unknown };
  return reason instanceof Error ? { name: reason.name, message: reason.message } : { reason };
}

function shown(outcome: PromiseSettledResult<unknown>): string {
  if (outcome.status === 'fulfilled') return inspect(outcome.value, { depth: 6, breakLength: Infinity });
  const { reason } = outcome as { reason: unknown };
  return `an error, ${reason instanceof Error ? `${reason.name}: ${reason.message}` : inspect(reason)}`;
}
