import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { QUICK_DATABASE } from './node-flags.js';

const APPS = fileURLToPath(new URL('../../.build/test/apps/', import.meta.url));

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** An application of `test/apps/*.ts`, compiled by `npm run build:apps`, in a process of its own. */
export class AppProcess {
  /** Resolves when it has ended. */
  readonly exited: Promise<Exit>;
  private output = '';

  private constructor(private readonly child: ChildProcess) {
    this.exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
  }

  /** Starts one with an argument; resolves once it has sent its first message: it is ready. */
  static async start(app: string, argument: object): Promise<AppProcess> {
    const file = `${APPS}${app}.js`;
    if (!existsSync(file)) throw new Error(`${file} is missing: npm run build && npm run build:apps`);
    const options = { execArgv: [...QUICK_DATABASE], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] as const };
    const child = fork(file, [JSON.stringify(argument)], { ...options, stdio: [...options.stdio] });
    const process = new AppProcess(child);
    // What it has sent is heard before its channel is closed, if perhaps after its end.
    const silent = once(child, 'disconnect');
    const ended = Promise.all([process.exited, silent]).then(([{ code, signal }]) => {
      throw new Error(`${app} ended with ${code ?? signal}:\n${process.output}`);
    });
    await Promise.race([once(child, 'message'), ended]);
    return process;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Everything that it printed. */
  get printed(): string {
    return this.output;
  }

  /** Sends a signal. */
  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Kills it, unless it is over. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}
