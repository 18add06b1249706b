import { fork } from 'node:child_process';
import type { ChildProcess, Serializable } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { QUICK_DATABASE } from './node-flags.js';

const APPS = fileURLToPath(new URL('../apps/', import.meta.url));

/** A process of its own that runs a program of `test/apps` on the built library, and talks over IPC. */
export class Child {
  private readonly inbox: unknown[] = [];
  private readonly process: ChildProcess;

  constructor(app: string, args: readonly string[] = []) {
    this.process = fork(`${APPS}${app}`, args, {
      execArgv: [...QUICK_DATABASE],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.process.on('message', message => this.inbox.push(message));
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  send(message: Serializable): void {
    this.process.send(message);
  }

  /** The next message it sent. */
  async receive(): Promise<unknown> {
    while (this.inbox.length === 0) {
      if (this.process.exitCode !== null) throw new Error(`the child ended with ${this.process.exitCode}`);
      await Promise.race([once(this.process, 'message'), once(this.process, 'exit')]);
    }
    return this.inbox.shift();
  }

  /** All messages that it sent and nobody received. */
  drain(): unknown[] {
    return this.inbox.splice(0);
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill('SIGKILL');
    await once(this.process, 'exit');
  }
}
