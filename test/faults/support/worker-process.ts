import type { ChildProcess } from 'node:child_process';
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Begin, Command, Failure, Fault, Plan, Report } from '../../apps/faults/protocol.js';
import { QUICK_DATABASE } from '../../support/node-flags.js';
import { until } from '../../support/until.js';

const APP = fileURLToPath(new URL('../../../.build/test/apps/faults/main.js', import.meta.url));

/** Small enough for a step that fills it to end its process soon. */
const HEAP = ['--max-old-space-size=256'];

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** An error that a worker process answered with. */
export class RemoteError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

/** The process ended before it answered. */
export class WorkerDied extends Error {
  constructor(pid: number, { code, signal }: Exit, log = '') {
    super(`worker ${pid} ended with ${signal ?? code} before it answered\n${log.slice(-2_000)}`.trim());
  }
}

interface Answer {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Longer than any answer takes: what waits in vain is to fail by its name, not by the time limit of its test. */
const ANSWER_MS = 90_000;

/** A worker as a process of its own, in a process group of its own, which the test can ask, stop and kill. */
export class WorkerProcess {
  /** Resolves when it has ended. */
  readonly exited: Promise<Exit>;
  readonly pid: number;
  /** Fault points at which it was held. */
  readonly held: string[] = [];
  /** All that it printed. */
  log = '';
  /** Says what is the matter when an answer does not come. */
  explain: () => Promise<string> = async () => '';
  /** Told each time that it goes on after it was stopped. */
  onThaw: () => void = () => undefined;

  readonly #child: ChildProcess;
  readonly #answers = new Map<number, Answer>();
  readonly #milestones = new Set<string>();
  #asked = 0;
  #exit: Exit | undefined;

  constructor() {
    this.#child = fork(APP, [], {
      execArgv: [...HEAP, ...QUICK_DATABASE],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    });
    this.pid = this.#child.pid ?? 0;
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (text: Buffer) => (this.log += text.toString()));
    this.#child.on('message', (report: Report) => this.#hear(report));
    this.exited = once(this.#child, 'exit').then(([code, signal]) => this.#ended({ code, signal }));
  }

  /** How it ended; `undefined` while it lives. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** Starts the application; resolves when it works. */
  async begin(begin: Begin): Promise<void> {
    await this.#reaches('loaded');
    this.#child.send({ kind: 'begin', begin });
    await this.#reaches('ready');
  }

  send(
    plan: Plan,
    options: {
      readonly key?: string;
      readonly delay?: number;
      readonly object?: string;
      readonly patient?: boolean;
    } = {},
  ): Promise<string> {
    return this.ask({ do: 'send', plan, ...options });
  }

  call(plan: Plan, key?: string): Promise<string[]> {
    return this.ask({ do: 'call', plan, key });
  }

  /** What an invocation resolved to; rejects with a {@link RemoteError}. */
  result(id: string): Promise<string[]> {
    return this.ask({ do: 'result', id });
  }

  async open(latch: string): Promise<void> {
    await this.ask({ do: 'open', latch });
  }

  async arm(point: string, nth = 1, action: Fault['action'] = 'kill'): Promise<void> {
    await this.ask({ do: 'arm', fault: { point, nth, action } });
  }

  /** Rejects with a {@link RemoteError}, or with {@link WorkerDied}. */
  async ask<T>(command: Command): Promise<T> {
    if (this.#exit) throw new WorkerDied(this.pid, this.#exit);
    const ask = ++this.#asked;
    let limit: NodeJS.Timeout | undefined;
    const answer = new Promise<T>((resolve, reject) => {
      this.#answers.set(ask, { resolve: value => resolve(value as T), reject });
      const vain = `worker ${this.pid} did not answer ${JSON.stringify(command)} in ${ANSWER_MS} ms`;
      limit = setTimeout(
        // Its database may be gone by then.
        () => void this.explain().then(stuck => reject(new Error(`${vain}. ${stuck}`.trim())), reject),
        ANSWER_MS,
      );
      // One that was killed in this moment has no channel any more; its exit says so to whoever waits.
      this.#child.send({ kind: 'ask', ask, ...command }, () => undefined);
    });
    return answer.finally(() => clearTimeout(limit));
  }

  /** Kills its process group; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.exited;
  }

  /** Stops it as a whole, as a debugger or a hung machine would. */
  async freeze(): Promise<void> {
    this.#signal('SIGSTOP');
    await until(`process ${this.pid} is stopped`, () => isStopped(this.pid));
  }

  thaw(): void {
    if (!this.#exit && isStopped(this.pid)) this.onThaw();
    this.#signal('SIGCONT');
  }

  /** Asks it to end, with SIGTERM. */
  terminate(): void {
    this.#signal('SIGTERM');
  }

  /** Ends it in an orderly way. */
  async shutDown(): Promise<Exit> {
    this.terminate();
    return this.exited;
  }

  #signal(signal: NodeJS.Signals): void {
    if (!this.#exit) process.kill(-this.pid, signal);
  }

  #hear(report: Report): void {
    if (report.kind === 'held') this.held.push(report.point);
    else if (report.kind !== 'answer') this.#milestones.add(report.kind);
    else {
      const answer = this.#answers.get(report.ask);
      this.#answers.delete(report.ask);
      if (report.failure) answer?.reject(new RemoteError(report.failure));
      else answer?.resolve(report.value);
    }
  }

  #ended(exit: Exit): Exit {
    this.#exit = exit;
    for (const { reject } of this.#answers.values()) reject(new WorkerDied(this.pid, exit));
    this.#answers.clear();
    return exit;
  }

  async #reaches(milestone: string): Promise<void> {
    const what = `worker ${this.pid} is ${milestone}`;
    await until(what, () => this.#milestones.has(milestone) || this.#exit !== undefined, 60_000);
    if (!this.#milestones.has(milestone)) throw new WorkerDied(this.pid, this.#exit as Exit, this.log);
  }
}

/** Whether a process is stopped, by what its system says. */
export function isStopped(pid: number): boolean {
  const status = `/proc/${pid}/stat`;
  // Where there is such a file it is asked: looking every few milliseconds, a program for each look costs too much.
  if (existsSync(status)) return / T [^)]*$/.test(readFileSync(status, 'utf8'));
  return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('T');
}
