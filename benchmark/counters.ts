import { Redis } from 'ioredis';
import pg from 'pg';
import { cpuSecondsOf, ownCpuSeconds } from './cpu.js';
import { leaveOut, ownStatements } from './statements.js';
import type { WorkerProcess } from './worker-process.js';

/** What is counted, each from the start of its server or process on. */
export const COUNTERS = [
  'transactions',
  'statements',
  'walBytes',
  'redisCommands',
  'nodeCpu',
  'postgresCpu',
  'redisCpu',
] as const;

/** A reading, or a difference of two; without what cannot be read here. */
export type Counts = Partial<Record<(typeof COUNTERS)[number], number>>;

/** Where to count. */
export interface CounterSources {
  readonly postgres: { readonly url: string; readonly pid: number } | undefined;
  readonly redis: { readonly url: string; readonly pid: number } | undefined;
  /** Worker processes, also those that start later; this one is counted anyway. */
  readonly workers: readonly WorkerProcess[];
}

/** Commands of the transport that only its scripts call: Redis counts them beside the call of the script. */
const WITHIN_SCRIPTS = /^(time|x(add|ack|del|group|info|autoclaim)|z(add|range|rangebyscore|rem))(\||$)/;
/** Commands of the benchmark itself. */
const OWN = /^info$/;

/** Reads what the servers and processes of a benchmark have used so far. */
export class Counters {
  private constructor(
    private readonly sources: CounterSources,
    private readonly postgres: pg.Client | undefined,
    private readonly redis: Redis | undefined,
  ) {}

  static async open(sources: CounterSources): Promise<Counters> {
    const postgres = sources.postgres && new pg.Client({ connectionString: sources.postgres.url });
    if (postgres) leaveOut(postgres);
    await postgres?.connect();
    const redis = sources.redis && new Redis(sources.redis.url);
    return new Counters(sources, postgres, redis);
  }

  async read(): Promise<Counts> {
    const { postgres, redis, workers } = this.sources;
    const workerCpu = workers.length > 0 ? cpuSecondsOf(workers.map(({ pid }) => pid)) : 0;
    return withoutUndefined({
      ...(await this.readPostgres()),
      statements: postgres && (await this.readStatements()),
      redisCommands: await this.readCommands(),
      nodeCpu: workerCpu === undefined ? undefined : ownCpuSeconds() + workerCpu,
      postgresCpu: postgres && cpuSecondsOf([postgres.pid]),
      redisCpu: redis && cpuSecondsOf([redis.pid]),
    });
  }

  async close(): Promise<void> {
    await this.postgres?.end();
    await this.redis?.quit();
  }

  /** The next transaction id counts those that write; reading it takes none. */
  private async readPostgres(): Promise<Counts> {
    if (!this.postgres) return {};
    const { rows } = await this.postgres.query<{ transactions: string; wal: string }>(
      `select pg_snapshot_xmax(pg_current_snapshot())::text as transactions,
        pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as wal`,
    );
    return { transactions: Number(rows[0]?.transactions), walBytes: Number(rows[0]?.wal) };
  }

  private async readStatements(): Promise<number> {
    let sent = ownStatements();
    for (const worker of this.sources.workers) sent += await worker.ask('statements');
    return sent;
  }

  private async readCommands(): Promise<number | undefined> {
    if (!this.redis) return undefined;
    const stats = await this.redis.info('commandstats');
    let sent = 0;
    for (const [, command = '', calls] of stats.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm))
      if (!WITHIN_SCRIPTS.test(command) && !OWN.test(command)) sent += Number(calls);
    return sent;
  }
}

/** What was used between two readings. */
export function used(before: Counts, after: Counts): Counts {
  return withoutUndefined(
    Object.fromEntries(COUNTERS.map(name => [name, difference(before[name], after[name])])),
  );
}

/** What was used between two readings, for each of so many invocations; nothing if there were none. */
export function perInvocation(before: Counts, after: Counts, invocations: number): Counts {
  if (invocations === 0) return {};
  const shares = Object.entries(used(before, after)).map(([name, value]) => [name, value / invocations]);
  return Object.fromEntries(shares) as Counts;
}

function difference(before: number | undefined, after: number | undefined): number | undefined {
  return before === undefined || after === undefined ? undefined : after - before;
}

function withoutUndefined(counts: Readonly<Record<string, number | undefined>>): Counts {
  return Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== undefined));
}
