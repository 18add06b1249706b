import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyEmbedded } from './embedded-template.js';
import { type Answer, SampleProcess } from './sample-process.js';
import { until } from './until.js';

/** A sample on an embedded database that has its tables, in a directory of its own: one process after the other. */
export class SampleStage {
  private readonly past: SampleProcess[] = [];

  private constructor(
    private readonly sample: string,
    private readonly directory: string,
    private current: SampleProcess,
  ) {}

  /** @param environment variables that the sample is configured by */
  static async open(sample: string, environment: Record<string, string> = {}): Promise<SampleStage> {
    const directory = await mkdtemp(join(tmpdir(), 'nestjs-durable-sample-'));
    await copyEmbedded(join(directory, '.durable'));
    return new SampleStage(sample, directory, await SampleProcess.start(sample, directory, environment));
  }

  /** The process that runs now. */
  get process(): SampleProcess {
    return this.current;
  }

  /** kill -9. */
  async kill(): Promise<void> {
    await this.current.kill('SIGKILL');
  }

  /** Starts another process on the same directory. */
  async restart(environment: Record<string, string> = {}): Promise<void> {
    this.past.push(this.current);
    this.current = await SampleProcess.start(this.sample, this.directory, environment);
  }

  /** Lines with a text, of all processes. */
  printed(text: string): string[] {
    return [...this.past, this.current].flatMap(({ lines }) => lines).filter(line => line.includes(text));
  }

  async post(path: string, body: object = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return this.current.request('POST', path, body, headers);
  }

  /** Posts what is accepted; its id. */
  async accepted(path: string, body: object = {}): Promise<string> {
    const answer = await this.post(path, body);
    expect(answer.status).toBe(202);
    return (answer.body as { id: string }).id;
  }

  async get<T>(path: string): Promise<T> {
    return (await this.current.request('GET', path)).body as T;
  }

  /** What a path gives once it says that it is over. */
  async over<T extends { readonly status: string }>(path: string): Promise<T> {
    const isOver = async (): Promise<boolean> =>
      ['completed', 'failed'].includes((await this.get<T>(path)).status);
    await until(`${path} is over`, isOver, 20_000);
    return this.get<T>(path);
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }
}
