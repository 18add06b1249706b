import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DurableModuleOptions, WorkerOptions } from '../../../lib/index.js';
import type { Fault, LedgerLine } from '../../apps/faults/protocol.js';
import { RedisTransports } from '../../support/redis-transports.js';
import { createScratchDatabase } from '../../support/scratch-database.js';
import { until } from '../../support/until.js';
import { type Account, breaches, leftovers } from './checks.js';
import { type DirectDatabase, embeddedDatabase, postgresDatabase } from './database.js';
import { Ledger } from './ledger.js';
import { type Records, readRecords } from './records.js';
import { WorkerProcess } from './worker-process.js';

/** What workers run on. */
export type Setting = 'embedded' | 'postgres' | 'postgres+redis';

/** How long anything may take on a busy machine. A test waits for what happens, not for time to pass. */
export const PATIENCE_MS = 60_000;

export interface SceneOptions {
  /** Server of the test's own, for the scene's database; else the shared one. */
  readonly postgres?: string;
  /** Server of the test's own, for the scene's namespace; else the shared one. */
  readonly redis?: string;
  readonly worker?: WorkerOptions;
  /** Processes that are kept loaded, so that the next one starts soon. @default 1 */
  readonly spare?: number;
}

export interface StartOptions {
  /** Latches that are open from the start. */
  readonly open?: readonly string[];
  /** What it is armed with from the start. */
  readonly fault?: Fault;
  /** Instead of the scene's; `false`: only a client. */
  readonly worker?: WorkerOptions | false;
  /** Instead of the scene's, as through a proxy. */
  readonly postgres?: string;
}

/** Longer than a lease and the pause between two looks for those that ran out. */
const BURIAL_MS = 2_000;
const WORKER: WorkerOptions = { lease: '1s', sweepInterval: '100ms' };

/** One application on a database of its own: its processes, what they did, and what is stored of it. */
export class Scene {
  readonly ledger: Ledger;
  /** All that were started. */
  readonly workers: WorkerProcess[] = [];
  readonly #spare: WorkerProcess[] = [];
  /** Processes that have no lease. */
  readonly #clients = new Set<number>();

  private constructor(
    readonly setting: Setting,
    readonly database: DirectDatabase,
    private readonly directory: string,
    private readonly address: DurableModuleOptions,
    private readonly options: SceneOptions,
    private readonly cleanUp: () => Promise<void>,
  ) {
    this.ledger = new Ledger(join(directory, 'ledger'));
    this.#load();
  }

  static async open(setting: Setting, options: SceneOptions = {}): Promise<Scene> {
    const directory = await mkdtemp(join(tmpdir(), 'durable-faults-'));
    if (setting === 'embedded') {
      const data = join(directory, 'data');
      const address = { embedded: { directory: data } };
      return new Scene(setting, embeddedDatabase(data), directory, address, options, async () => undefined);
    }
    const scratch = await createScratchDatabase(options.postgres);
    const postgres = scratch.url;
    const redis = new RedisTransports(options.redis);
    const database = postgresDatabase(postgres);
    const onRedis = setting === 'postgres' ? {} : { redis: redis.url, namespace: redis.namespace };
    const cleanUp = async (): Promise<void> => {
      await redis.clean(setting === 'postgres+redis');
      await scratch.drop();
    };
    return new Scene(setting, database, directory, { postgres, ...onRedis }, options, cleanUp);
  }

  /** URL of its database. */
  get postgres(): string {
    return this.address.postgres as string;
  }

  /** A path that nobody else uses. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /** Starts a process; resolves when it works. */
  async start({ open = [], fault, worker, postgres }: StartOptions = {}): Promise<WorkerProcess> {
    const child = this.#spare.shift() ?? new WorkerProcess();
    this.workers.push(child);
    if (worker === false) this.#clients.add(child.pid);
    this.#load();
    const options = {
      ...this.address,
      ...(postgres !== undefined && { postgres }),
      worker: worker ?? { ...WORKER, ...this.options.worker },
    };
    await child.begin({ options, ledger: this.ledger.path, open, ...(fault && { fault }) });
    return child;
  }

  /** Waits for something in the ledger. */
  async witnessed(what: string, seen: (lines: readonly LedgerLine[]) => boolean): Promise<void> {
    await until(what, () => seen(this.ledger.lines()), PATIENCE_MS);
  }

  records(): Promise<Records> {
    return readRecords(this.database);
  }

  /** Ends what lives in an orderly way, then looks for breaches of all that must hold. */
  async conclude(account: Omit<Account, 'broken' | 'late'>): Promise<string[]> {
    await this.#deadBuried();
    const exits = await Promise.all(
      this.workers.filter(({ exit }) => !exit).map(worker => worker.shutDown()),
    );
    const unclean = exits.filter(({ code }) => code !== 0).map(exit => `ended with ${JSON.stringify(exit)}`);
    const records = await this.records();
    const late = new Set(this.workers.filter(worker => hasLostLease(worker)).map(({ pid }) => pid));
    const killed = this.workers.filter(({ exit }) => exit?.code !== 0).map(({ pid }) => pid);
    const broken = new Set([...killed, ...late]);
    return [
      ...unclean,
      ...breaches(records, this.ledger.lines(), { ...account, broken, late }),
      ...leftovers(records, await this.#openTransactions()),
    ];
  }

  /** Kills what lives and removes everything. */
  async close(): Promise<void> {
    await Promise.all([...this.workers, ...this.#spare].map(worker => worker.kill()));
    await this.database.close();
    await this.cleanUp();
    await rm(this.directory, { recursive: true, force: true });
  }

  #load(): void {
    const { spare = 1 } = this.options;
    while (this.#spare.length < spare) this.#spare.push(new WorkerProcess());
  }

  /** While some live, the leases of the killed end: waits for that. */
  async #deadBuried(): Promise<void> {
    const living = this.workers.filter(({ exit, pid }) => !exit && !this.#clients.has(pid)).length;
    if (living === 0) return;
    // Nobody but the one process can look into an embedded database.
    if (this.setting === 'embedded') return sleep(BURIAL_MS);
    const buried = async (): Promise<boolean> => (await this.records()).workers.length <= living;
    await until('the leases of killed workers are ended', buried, PATIENCE_MS);
  }

  async #openTransactions(): Promise<number> {
    if (this.setting === 'embedded') return 0;
    const [row] = await this.database.query<{ count: number }>(
      `select count(*)::int as count from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%'`,
    );
    return row?.count ?? 0;
  }
}

/** Whether it said that it lost its lease, as a machine without time for it may. */
export function hasLostLease(worker: WorkerProcess): boolean {
  return worker.log.includes('renewed its lease too late and lost it');
}
