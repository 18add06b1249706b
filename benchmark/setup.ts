import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { DurableClient, type DurableModuleOptions, type WorkerOptions } from 'nestjs-durable';
import pg from 'pg';
import { BenchModule } from './application.js';
import { Counters } from './counters.js';
import { ownMemory, type Memory } from './memory.js';
import type { Servers } from './servers.js';
import type { Transport } from './transports.js';
import { WorkerProcess } from './worker-process.js';

/** A transport that is ready to be measured. */
export interface Setup {
  readonly client: DurableClient;
  readonly counters: Counters;
  /** URL of its database, if a server has it. */
  readonly database: string | undefined;
  /** Worker processes beside this one, in the order in which they started. */
  readonly workers: readonly WorkerProcess[];
  /** Starts one more. */
  startWorker(): Promise<WorkerProcess>;
  /** Node processes that run. */
  processes(): number[];
  /** What the process holds that works. */
  memory(): Promise<Memory>;
  close(): Promise<void>;
}

/** How it is set up. */
export interface SetupOptions {
  /** Options of every worker. */
  readonly worker?: WorkerOptions;
  /** Whether the workers that it begins with never end a step that can be held. */
  readonly holds?: boolean;
}

/** Undoes, last first, what was done to set up. */
class Undo {
  private readonly steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.steps.push(step);
  }

  async all(): Promise<void> {
    for (let step = this.steps.pop(); step; step = this.steps.pop()) await step();
  }
}

/** Sets a transport up: a database of its own, the worker processes, and the client's application in this process. */
export async function setUp(
  transport: Transport,
  servers: Servers,
  options: SetupOptions = {},
): Promise<Setup> {
  const undo = new Undo();
  try {
    return await open(transport, servers, options, undo);
  } catch (error) {
    await undo.all();
    throw error;
  }
}

async function open(
  transport: Transport,
  servers: Servers,
  { worker = {}, holds = false }: SetupOptions,
  undo: Undo,
): Promise<Setup> {
  const postgres = transport.postgres ? await servers.postgres() : undefined;
  const redis = transport.redis ? await servers.redis() : undefined;
  const database = postgres && (await freshDatabase(postgres.url));
  const module: DurableModuleOptions = {
    namespace: `bench-${Date.now()}`,
    worker,
    ...(database !== undefined ? { postgres: database } : { embedded: temporary(undo) }),
    ...(redis && { redis: redis.url }),
  };
  const workers: WorkerProcess[] = [];
  const startWorker = async (holdsSteps = false): Promise<WorkerProcess> => {
    const started = await WorkerProcess.start({ module, holds: holdsSteps });
    undo.add(() => started.stop());
    workers.push(started);
    return started;
  };
  while (workers.length < transport.workers) await startWorker(holds);
  const own = transport.workers === 0 ? module : { ...module, worker: false };
  const application = await NestFactory.createApplicationContext(BenchModule.with(own), {
    logger: ['error'],
  });
  undo.add(() => application.close());
  const counters = await Counters.open({ postgres, redis, workers });
  undo.add(() => counters.close());
  return {
    client: application.get(DurableClient),
    counters,
    database,
    workers,
    startWorker: () => startWorker(),
    processes: () => [process.pid, ...workers.filter(one => one.isRunning).map(({ pid }) => pid)],
    memory: async () => (await workers[0]?.ask('memory')) ?? ownMemory(),
    close: () => undo.all(),
  };
}

/** The directory of an embedded database. */
function temporary(undo: Undo): { directory: string } {
  const directory = mkdtempSync(join(tmpdir(), 'nestjs-durable-bench-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  // Also when the run is broken off.
  process.once('exit', remove);
  undo.add(remove);
  return { directory };
}

/** A database that nothing was written to yet, so that no transport grows another's tables. */
async function freshDatabase(serverUrl: string): Promise<string> {
  const database = `bench_${Date.now()}`;
  const admin = new pg.Client({ connectionString: serverUrl });
  await admin.connect();
  await admin.query(`create database ${database}`);
  await admin.end();
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}
