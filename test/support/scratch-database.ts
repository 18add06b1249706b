import { randomBytes } from 'node:crypto';
import pg from 'pg';

const SERVER = process.env.DURABLE_TEST_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/postgres';

/** An empty database of its own on the test server. */
export interface ScratchDatabase {
  readonly name: string;
  readonly url: string;
  /** Connections that the server has for this database, under an application name if given. */
  connections(applicationName?: string): Promise<number>;
  /** Ends the connections with an application name, as an administrator would. */
  terminate(applicationName: string): Promise<void>;
  drop(): Promise<void>;
}

/** @param server URL of a server where databases may be created. */
export async function createScratchDatabase(server = SERVER): Promise<ScratchDatabase> {
  const name = `embedded_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Pool({ connectionString: server, max: 1 });
  admin.on('error', () => undefined);
  await admin.query(`CREATE DATABASE "${name}"`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    name,
    url: url.href,
    connections: async applicationName => {
      const { rows } = await admin.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_stat_activity
         WHERE datname = $1 AND ($2::text IS NULL OR application_name = $2)`,
        [name, applicationName ?? null],
      );
      return rows[0]?.n ?? 0;
    },
    terminate: async applicationName => {
      await admin.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name = $2',
        [name, applicationName],
      );
    },
    drop: async () => {
      await admin.query(`DROP DATABASE "${name}" WITH (FORCE)`);
      await admin.end();
    },
  };
}
