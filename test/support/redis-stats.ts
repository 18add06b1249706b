import type { Redis } from 'ioredis';

/** How often each command was called since the statistics were reset; commands within scripts count too. */
export async function callsOf(redis: Redis): Promise<Map<string, number>> {
  const stats = await redis.info('commandstats');
  const lines = stats.matchAll(/^cmdstat_(\S+):calls=(\d+)/gm);
  return new Map([...lines].map(([, command, calls]) => [command ?? '', Number(calls)]));
}

/** How many connections are blocked in a read for work now. */
export async function blockedReads(redis: Redis): Promise<number> {
  const clients = String(await redis.client('LIST'));
  return clients.split('\n').filter(line => line.includes('cmd=xreadgroup') && / flags=\S*b/.test(line))
    .length;
}
