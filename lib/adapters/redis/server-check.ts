import type { Logger } from '../../ports/logger.js';
import type { Connection } from './connection.js';

/** The oldest server whose `XAUTOCLAIM` drops deleted entries instead of delivering them empty. */
const OLDEST_MAJOR = 7;

/** Warns of a server that is too old, or that may evict our keys. Silent if it does not tell. */
export async function checkServer(connection: Connection, logger: Logger): Promise<void> {
  const info = await connection.run(client => client.info()).catch(() => '');
  const version = field(info, 'redis_version');
  if (version !== undefined && Number.parseInt(version, 10) < OLDEST_MAJOR) {
    logger.warn(
      `Redis ${version} is older than ${OLDEST_MAJOR}.0, the oldest that is supported: upgrade it.`,
    );
  }
  const policy = field(info, 'maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    logger.warn(
      `Redis has maxmemory-policy "${policy}" and may evict what announces work, which makes it late: ` +
        'set it to "noeviction".',
    );
  }
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
}
