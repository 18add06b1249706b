import type { Redis } from 'ioredis';
import { until } from '../../support/until.js';
import type { Scene } from './scene.js';

/** How long servers may take to notice that a process has ended. */
const NOTICE_MS = 30_000;

/**
 * Breaches of I9, once all processes have ended: connections that are left, keys that nobody needs, and more consumers
 * than were killed (those of the killed are removed by the living, when they were idle for long).
 */
export async function residue(scene: Scene, killed: number): Promise<string[]> {
  if (scene.setting === 'embedded') return [];
  await until(
    'the connections of the ended are closed',
    async () => (await databaseConnections(scene)) === 0,
    NOTICE_MS,
  );
  if (!scene.redis) return [];
  return residueInRedis(scene.redis.connect(), scene.redis.namespace, killed);
}

/** Connections of the scene's processes to PostgreSQL. */
export async function databaseConnections({ database }: Scene): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
     where datname = current_database() and application_name like 'nestjs-durable%'`,
  );
  return row?.count ?? 0;
}

async function residueInRedis(redis: Redis, namespace: string, killed: number): Promise<string[]> {
  const base = `durable:{${namespace}:0}:`;
  const keys = await redis.keys(`${base}*`);
  const odd = keys.filter(key => key !== `${base}due` && !key.startsWith(`${base}ready:`));
  const found = odd.map(key => `Redis has a key ${key} (I9)`);
  for (const stream of keys.filter(key => key.startsWith(`${base}ready:`))) {
    // One to which entries are pending stays with them: somebody is to find them there.
    const idle = (await consumersOf(redis, stream)).filter(({ pending }) => pending === 0);
    if (idle.length > killed)
      found.push(`${stream} has ${idle.length} idle consumers, and ${killed} were killed (I9)`);
  }
  return found;
}

/** A consumer in the group of a ready stream. */
export interface ConsumerInfo {
  readonly name: string;
  readonly pending: number;
  /** Milliseconds since it last asked for something. */
  readonly idle: number;
}

/** How many consumers of a stream have asked for something in the last `ms`. */
export async function readersSince(redis: Redis, stream: string, ms: number): Promise<number> {
  return (await consumersOf(redis, stream)).filter(({ idle }) => idle < ms).length;
}

/** All that a ready stream has; none if it has no group. */
export async function consumersOf(redis: Redis, stream: string): Promise<ConsumerInfo[]> {
  const answer = await redis.xinfo('CONSUMERS', stream, 'workers').catch(() => []);
  return (answer as unknown[][]).map(fields => {
    const field = (name: string): unknown => fields[fields.indexOf(name) + 1];
    return { name: String(field('name')), pending: Number(field('pending')), idle: Number(field('idle')) };
  });
}
