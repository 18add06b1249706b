import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { QUICK_DATABASE } from './node-flags.js';
import { until } from './until.js';

const SAMPLES = fileURLToPath(new URL('../../.build/sample/', import.meta.url));

/** What a sample answered to a request. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const PLAIN = { HOST: undefined, PORT: '0', FORCE_COLOR: undefined, NO_COLOR: '1' };

/** A sample, compiled by `npm run build:apps`, as a process of its own on a free port. */
export class SampleProcess {
  /** Everything it printed. */
  readonly lines: string[] = [];
  private readonly child: ChildProcess;
  private url = '';
  private isReady = false;

  private constructor(sample: string, directory: string, environment: Record<string, string>) {
    const embedded = { POSTGRES_URL: undefined, REDIS_URL: undefined };
    this.child = spawn(process.execPath, [...QUICK_DATABASE, `${SAMPLES}${sample}/main.js`], {
      cwd: directory,
      env: { ...process.env, ...embedded, ...environment, ...PLAIN },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', line => this.read(line));
    }
  }

  /**
   * Starts a sample in a directory; resolves once it listens, or is ready.
   * @param environment variables that name its servers, without which it is on the embedded database, or configure it
   */
  static async start(
    sample: string,
    directory: string,
    environment: Record<string, string> = {},
  ): Promise<SampleProcess> {
    const started = new SampleProcess(sample, directory, environment);
    await until(`sample ${sample} is ready`, () => started.isReady || started.isOver, 60_000);
    if (started.isOver) throw new Error(`sample ${sample} did not start:\n${started.lines.join('\n')}`);
    return started;
  }

  async request(
    method: string,
    path: string,
    body?: unknown,
    more: Record<string, string> = {},
  ): Promise<Answer> {
    const headers = { 'content-type': 'application/json', ...more };
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(this.url + path, { method, headers, ...content });
    return { status: response.status, body: await response.json() };
  }

  /** Resolves once it has printed a line with this text. */
  printed(text: string): Promise<void> {
    return until(`it prints "${text}"`, () => this.count(text) > 0, 15_000);
  }

  /** How many lines have this text. */
  count(text: string): number {
    return this.lines.filter(line => line.includes(text)).length;
  }

  /** Sends a signal; resolves to the exit code, or the signal that ended it. */
  async kill(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    if (!this.isOver) {
      this.child.kill(signal);
      await once(this.child, 'close');
    }
    return this.child.exitCode ?? this.child.signalCode;
  }

  private get isOver(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  private read(line: string): void {
    this.lines.push(line);
    this.url = /\[Main\] listening on (\S+)$/.exec(line)?.[1] ?? this.url;
    this.isReady ||= this.url !== '' || line.endsWith('[Main] ready');
  }
}
