import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DurableModuleOptions } from 'nestjs-durable';
import type { Interruptions } from './interruption.js';
import type { Memory } from './memory.js';

const PROGRAM = fileURLToPath(new URL('./worker.js', import.meta.url));

/** What a worker process can be asked. */
export interface Answers {
  readonly memory: Memory;
  readonly statements: number;
  readonly interruptions: Interruptions;
}

export interface WorkerProcessOptions {
  readonly module: DurableModuleOptions;
  /** Whether it never ends a step that can be held. */
  readonly holds?: boolean;
}

/** A process of its own that works. It ends with this one. */
export class WorkerProcess {
  private readonly exited: Promise<never>;

  private constructor(private readonly child: ChildProcess) {
    this.exited = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`the worker process ended (${String(code ?? signal)}) before it answered`);
    });
    this.exited.catch(() => undefined);
  }

  /** Resolves once it takes work. */
  static async start(options: WorkerProcessOptions): Promise<WorkerProcess> {
    const child = fork(PROGRAM, [JSON.stringify(options)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const worker = new WorkerProcess(child);
    await worker.message();
    return worker;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** One question at a time. */
  async ask<Question extends keyof Answers>(question: Question): Promise<Answers[Question]> {
    const answer = this.message();
    this.child.send(question);
    return (await answer) as Answers[Question];
  }

  /** Ends it as a machine ends that loses its power. */
  async kill(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    if (!this.isRunning) return;
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }

  private async message(): Promise<unknown> {
    const [message] = (await Promise.race([once(this.child, 'message'), this.exited])) as unknown[];
    return message;
  }
}
