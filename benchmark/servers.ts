import type { PostgresServer, RedisServer } from '../scripts/servers.mjs';

/** Throwaway servers of a run, started when they are first asked for. */
export class Servers {
  private startedPostgres: Promise<PostgresServer> | undefined;
  private startedRedis: Promise<RedisServer> | undefined;

  /** PostgreSQL as a careful operator has it: a commit is on the disk. */
  postgres(): Promise<PostgresServer> {
    return (this.startedPostgres ??= scripts().then(({ startPostgres }) =>
      startPostgres({ fsync: true, settings: { synchronous_commit: 'on' } }),
    ));
  }

  redis(): Promise<RedisServer> {
    return (this.startedRedis ??= scripts().then(({ startRedis }) => startRedis()));
  }

  /** Ends those that were started, and removes their data. */
  async stop(): Promise<void> {
    const started = await Promise.allSettled([this.startedPostgres, this.startedRedis]);
    for (const server of started) if (server.status === 'fulfilled') await server.value?.stop();
  }
}

/** By a path from `.build/benchmark`, where this runs: the scripts are not compiled with it. */
async function scripts(): Promise<typeof import('../scripts/servers.mjs')> {
  const url = new URL('../../scripts/servers.mjs', import.meta.url);
  return (await import(url.href)) as typeof import('../scripts/servers.mjs');
}
