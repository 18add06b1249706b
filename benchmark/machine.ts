import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, release, tmpdir, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Servers } from './servers.js';
import { percentile } from './statistics.js';

/** What the figures were taken on, and what is the most that it gives. */
export interface Machine {
  readonly date: string;
  readonly system: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  /** Versions by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** Over one minute, before and after the run; above `cores` others were at work too. */
  readonly load: { readonly before: number; readonly after: number };
  readonly limits: Limits;
}

/** Without what was not started. */
export interface Limits {
  /** Writes of 8 KiB, each with `fdatasync`, in a second. */
  readonly fdatasyncPerSecond: number;
  /** Inserts of one row by one connection, each a commit, in a second. */
  readonly commitsPerSecond?: number;
  /** Milliseconds that half the round trips to Redis do not exceed. */
  readonly redisPingMs?: number;
}

/** How long each limit is looked for. */
const PROBE_MS = 1_000;
/** As large as a page of PostgreSQL's log. */
const PAGE = 8_192;
/** As many as a segment of it has. */
const PAGES = 2_048;

/** Measures the machine, which should have nothing else to do. Servers count if they are asked for. */
export async function inspectMachine(
  servers: Servers,
  uses: { readonly postgres: boolean; readonly redis: boolean },
): Promise<Omit<Machine, 'load'>> {
  const postgres = uses.postgres ? await servers.postgres() : undefined;
  const redis = uses.redis ? await servers.redis() : undefined;
  const limits: Limits = {
    fdatasyncPerSecond: fdatasyncRate(),
    ...(postgres && { commitsPerSecond: await commitRate(postgres.url) }),
    ...(redis && { redisPingMs: await pingTime(redis.url) }),
  };
  return {
    date: new Date().toISOString(),
    system: `${type()} ${release()}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    versions: {
      'nestjs-durable': versionOf('nestjs-durable'),
      Node: process.versions.node,
      Nest: versionOf('@nestjs/core'),
      ...(postgres && { PostgreSQL: postgres.version }),
      ...(redis && { Redis: redis.version }),
    },
    limits,
  };
}

/** How busy the machine is, over the last minute. */
export function currentLoad(): number {
  return Math.round((loadavg()[0] ?? 0) * 10) / 10;
}

/** In the system's directory for temporary files, where the servers keep their data too. */
function fdatasyncRate(): number {
  const directory = mkdtempSync(join(tmpdir(), 'nestjs-durable-bench-'));
  const file = openSync(join(directory, 'probe'), 'w');
  const page = Buffer.alloc(PAGE, 1);
  const write = (at: number): number => writeSync(file, page, 0, PAGE, (at % PAGES) * PAGE);
  try {
    // A segment of the log is filled before it is used: a file that grows would cost more.
    for (let at = 0; at < PAGES; at++) write(at);
    fsyncSync(file);
    const started = performance.now();
    let writes = 0;
    for (; performance.now() - started < PROBE_MS; writes++) {
      write(writes);
      fdatasyncSync(file);
    }
    return rate(writes, started);
  } finally {
    closeSync(file);
    rmSync(directory, { recursive: true });
  }
}

async function commitRate(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('create table probe (id int)');
  const started = performance.now();
  let commits = 0;
  for (; performance.now() - started < PROBE_MS; commits++)
    await client.query('insert into probe values ($1)', [commits]);
  const found = rate(commits, started);
  await client.query('drop table probe');
  await client.end();
  return found;
}

async function pingTime(url: string): Promise<number> {
  const redis = new Redis(url);
  const times: number[] = [];
  for (const started = performance.now(); performance.now() - started < PROBE_MS / 2;) {
    const sent = performance.now();
    await redis.ping();
    times.push(performance.now() - sent);
  }
  await redis.quit();
  return percentile(times, 50);
}

function rate(count: number, started: number): number {
  return Math.round(count / ((performance.now() - started) / 1_000));
}

function versionOf(name: string): string {
  const file = createRequire(import.meta.url).resolve(`${name}/package.json`);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
