import type { Logger } from '../../ports/logger.js';
import type { Connection } from './connection.js';

/** The oldest server whose `XAUTOCLAIM` drops deleted entries instead of delivering them empty. */
const OLDEST_MAJOR = 7;

/** Warns, once for each cause, of servers that cannot be used as they are. Silent if one does not tell about itself. */
export class ServerCheck {
  readonly #checked = new Set<Connection>();
  readonly #said = new Set<string>();

  constructor(
    private readonly isCluster: boolean,
    private readonly logger: Logger,
  ) {}

  /** Asks a server when it is connected to for the first time. */
  async check(connection: Connection): Promise<void> {
    if (this.#checked.has(connection)) return;
    this.#checked.add(connection);
    for (const warning of this.#warnings(await connection.run(client => client.info()).catch(() => ''))) {
      if (this.#said.has(warning)) continue;
      this.#said.add(warning);
      this.logger.warn(warning);
    }
  }

  *#warnings(info: string): Generator<string> {
    const version = field(info, 'redis_version');
    if (version !== undefined && Number.parseInt(version, 10) < OLDEST_MAJOR) {
      yield `Redis ${version} is older than ${OLDEST_MAJOR}.0, the oldest that is supported: upgrade it.`;
    }
    const policy = field(info, 'maxmemory_policy');
    if (policy !== undefined && policy !== 'noeviction') {
      yield (
        `Redis has maxmemory-policy "${policy}" and may evict what announces work, which makes it late: ` +
        'set it to "noeviction".'
      );
    }
    if (!this.isCluster && field(info, 'redis_mode') === 'cluster') {
      yield (
        'Redis is a node of a Cluster, and refuses what belongs to the others: ' +
        'set the option `redis` to { cluster: [{ host, port }] }.'
      );
    }
  }
}

function field(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
}
