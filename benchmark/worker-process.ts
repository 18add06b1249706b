import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DurableModuleOptions } from 'nestjs-durable';
import type { Memory } from './memory.js';

const PROGRAM = fileURLToPath(new URL('./worker.js', import.meta.url));

/** A process of its own that works. It ends with this one. */
export class WorkerProcess {
  private constructor(private readonly child: ChildProcess) {}

  /** Resolves once it takes work. */
  static async start(options: DurableModuleOptions): Promise<WorkerProcess> {
    const child = fork(PROGRAM, [JSON.stringify(options)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`the worker process ended with code ${String(code)} before it was ready`);
    });
    await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => undefined);
    return new WorkerProcess(child);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async memory(): Promise<Memory> {
    const answer = once(this.child, 'message') as Promise<[Memory]>;
    this.child.send('memory');
    return (await answer)[0];
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.disconnect();
    await ended;
  }
}
