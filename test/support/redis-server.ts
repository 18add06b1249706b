import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';

/** A Redis server of a test's own, from the `redis-server` on PATH; keeps nothing across a restart. */
export class RedisServer {
  #child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly directory: string,
    private readonly args: readonly string[],
  ) {}

  /** Starts one on a free port. */
  static async start(...args: string[]): Promise<RedisServer> {
    const directory = await mkdtemp(join(tmpdir(), 'durable-redis-'));
    const server = new RedisServer(await freePort(), directory, args);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again, on the same port. */
  async start(): Promise<void> {
    const own = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--dir', this.directory];
    const child = spawn('redis-server', [...own, '--save', '', '--appendonly', 'no', ...this.args], {
      stdio: 'ignore',
    });
    this.#child = child;
    const orphaned = (): void => void child.kill('SIGKILL');
    process.once('exit', orphaned);
    child.once('exit', () => process.off('exit', orphaned));
    await once(child, 'spawn');
    await this.#answering();
  }

  /** Kills it: nothing that it had is left. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** Kills it and removes its directory. */
  async remove(): Promise<void> {
    await this.kill();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #answering(): Promise<void> {
    const probe = new Redis(this.port, '127.0.0.1', { retryStrategy: () => 20, maxRetriesPerRequest: 250 });
    probe.on('error', () => undefined);
    await probe.call('PING').catch((error: unknown) => {
      if (!String(error).includes('NOAUTH')) throw error;
    });
    probe.disconnect();
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise(resolve => probe.close(resolve));
  return port;
}
