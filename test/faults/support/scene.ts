import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import ms, { type StringValue } from 'ms';
import type { DurableModuleOptions, WorkerOptions } from '../../../lib/index.js';
import type { Fault, LedgerLine } from '../../apps/faults/protocol.js';
import { copyEmbedded } from '../../support/embedded-template.js';
import { RedisTransports } from '../../support/redis-transports.js';
import { createScratchDatabase } from '../../support/scratch-database.js';
import { until } from '../../support/until.js';
import { type Account, breaches, leftovers, tally } from './checks.js';
import { type DirectDatabase, embeddedDatabase, postgresDatabase } from './database.js';
import { residue } from './residue.js';
import { describeStuck } from './stuck.js';
import { Ledger } from './ledger.js';
import { type Records, readRecords } from './records.js';
import { processPool } from './process-pool.js';
import type { Trial } from './trial.js';
import type { WorkerProcess } from './worker-process.js';

/** What workers run on. */
export type Setting = 'embedded' | 'postgres' | 'postgres+redis';

/** How long anything may take on a busy machine. A test waits for what happens, not for time to pass. */
export const PATIENCE_MS = 60_000;

export interface SceneOptions {
  /** Is told who was killed and stopped, and what {@link Scene.conclude} found. */
  readonly trial?: Trial;
  /** Server of the test's own, for the scene's database; else the shared one. */
  readonly postgres?: string;
  /** Server of the test's own, for the scene's namespace; else the shared one. */
  readonly redis?: string;
  readonly worker?: WorkerOptions;
  /** Processes that are kept loaded, so that the next one starts soon. @default 1, without a `fleet` */
  readonly spare?: number;
  /** How many it starts in all, if that is known: as many are loaded at once, and no more. */
  readonly fleet?: number;
}

export interface StartOptions {
  /** Latches that are open from the start. */
  readonly open?: readonly string[];
  /** What it is armed with from the start. */
  readonly fault?: Fault;
  /** Instead of the scene's; `false`: only a client. */
  readonly worker?: WorkerOptions | false;
  /** How wrong its clock is, in milliseconds. */
  readonly skewMs?: number;
  /** After which share of their time its timers fire. */
  readonly timersBy?: number;
  /** Both instead of the scene's, as through a proxy. */
  readonly postgres?: string;
  readonly redis?: string;
}

/** Longer than a lease and the pause between two looks for those that ran out. */
const BURIAL_MS = 2_000;
const WORKER: WorkerOptions = { lease: '1s', sweepInterval: '100ms' };

/** One application on a database of its own: its processes, what they did, and what is stored of it. */
export class Scene {
  readonly ledger: Ledger;
  /** All that were started. */
  readonly workers: WorkerProcess[] = [];
  /** Processes that have no lease. */
  readonly #clients = new Set<number>();
  #isClosing = false;

  private constructor(
    readonly setting: Setting,
    readonly database: DirectDatabase,
    private readonly directory: string,
    private readonly address: DurableModuleOptions,
    private readonly options: SceneOptions,
    /** Its place in Redis, if it has one. */
    readonly redis: RedisTransports | undefined,
    private readonly cleanUp: () => Promise<void>,
  ) {
    this.ledger = new Ledger(join(directory, 'ledger'));
  }

  static async open(setting: Setting, options: SceneOptions = {}): Promise<Scene> {
    const { fleet = 0 } = options;
    processPool.want(spareOf(options));
    processPool.prepare(fleet);
    const directory = await mkdtemp(join(tmpdir(), 'durable-faults-'));
    if (setting === 'embedded') {
      const data = join(directory, 'data');
      await copyEmbedded(data);
      const address = { embedded: { directory: data } };
      return new Scene(
        setting,
        embeddedDatabase(data),
        directory,
        address,
        options,
        undefined,
        async () => undefined,
      );
    }
    const scratch = await createScratchDatabase(options.postgres);
    const postgres = scratch.url;
    const redis = setting === 'postgres' ? undefined : new RedisTransports(options.redis);
    const database = postgresDatabase(postgres);
    const onRedis = redis && { redis: redis.url, namespace: redis.namespace };
    const cleanUp = async (): Promise<void> => {
      await redis?.clean();
      await scratch.drop();
    };
    return new Scene(setting, database, directory, { postgres, ...onRedis }, options, redis, cleanUp);
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
  async start(begin: StartOptions = {}): Promise<WorkerProcess> {
    const { open = [], fault, worker, postgres, redis, ...clock } = begin;
    const child = processPool.take();
    child.explain = () => this.stuck();
    this.#watch(child);
    this.workers.push(child);
    if (worker === false) this.#clients.add(child.pid);
    const options = {
      ...this.address,
      ...(postgres !== undefined && { postgres }),
      ...(redis !== undefined && { redis }),
      worker: worker ?? { ...WORKER, ...this.options.worker },
    };
    await child.begin({ options, ledger: this.ledger.path, open, ...clock, ...(fault && { fault }) });
    return child;
  }

  /** Waits for something in the ledger. */
  async witnessed(what: string, seen: (lines: readonly LedgerLine[]) => boolean): Promise<void> {
    await this.until(what, () => seen(this.ledger.lines()));
  }

  /** Waits until that many more handlers have ended. */
  async progress(count: number): Promise<void> {
    const done = this.ledger.ends().length;
    await this.until(`${count} more handlers have ended`, () => this.ledger.ends().length >= done + count);
  }

  /** Waits for something that invocations bring about; says what is stuck if it does not come. */
  async until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    await until(what, holds, PATIENCE_MS, () => this.stuck());
  }

  /** Waits until every invocation is over, also those that nobody waits for. */
  async allOver(): Promise<void> {
    const isOver = async (): Promise<boolean> =>
      (await this.#count('durable.invocation where finished_at is null')) === 0;
    await this.until('every invocation is over', isOver);
  }

  /** Where every invocation is that is not over. */
  async stuck(): Promise<string> {
    const lives = this.workers.some(({ exit }) => !exit);
    // Nobody but the one process can look into an embedded database.
    return this.setting === 'embedded' && lives ? '' : describeStuck(this.database);
  }

  records(): Promise<Records> {
    return readRecords(this.database);
  }

  /** Ends what lives in an orderly way, then looks for breaches of all that must hold. */
  async conclude(account: Omit<Account, 'broken' | 'late'>): Promise<string[]> {
    const unclean = await this.shutDown();
    const records = await this.records();
    const late = new Set(this.workers.filter(worker => hasLostLease(worker)).map(({ pid }) => pid));
    const killed = this.workers.filter(({ exit }) => exit?.code !== 0).map(({ pid }) => pid);
    const broken = new Set([...killed, ...late]);
    const found = [
      ...breaches(records, this.ledger.lines(), { ...account, broken, late }),
      ...leftovers(records, await this.openTransactions()),
      ...(await residue(this, broken.size)),
    ];
    if (this.options.trial) tally(this.options.trial, records, this.ledger.lines(), found);
    return [...unclean, ...found];
  }

  /** Ends what lives in an orderly way, once those who were killed have no lease any more; who did not end well. */
  async shutDown(): Promise<string[]> {
    await this.#deadBuried();
    const exits = await Promise.all(
      this.workers.filter(({ exit }) => !exit).map(worker => worker.shutDown()),
    );
    return exits.filter(({ code }) => code !== 0).map(exit => `ended with ${JSON.stringify(exit)}`);
  }

  /** How many transactions somebody has begun and does nothing in. */
  async openTransactions(): Promise<number> {
    if (this.setting === 'embedded') return 0;
    return this.#count(
      `pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%'`,
    );
  }

  /** Kills what lives and removes everything. */
  async close(): Promise<void> {
    this.#isClosing = true;
    processPool.want(-spareOf(this.options));
    await Promise.all(this.workers.map(worker => worker.kill()));
    await this.database.close();
    await this.cleanUp();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Counts how it ends, unless that is the end of all, and how often it was stopped. */
  #watch(child: WorkerProcess): void {
    const { trial } = this.options;
    if (!trial) return;
    child.onThaw = () => trial.total('worker stops');
    void child.exited.then(({ code, signal }) => {
      if (this.#isClosing || code === 0) return;
      trial.total(signal === 'SIGKILL' ? 'worker kills' : 'workers ended otherwise');
    });
  }

  /** While some live, the leases of the killed end: waits for that. */
  async #deadBuried(): Promise<void> {
    const living = this.workers.filter(({ exit, pid }) => !exit && !this.#clients.has(pid)).length;
    if (living === 0) return;
    if (this.setting === 'embedded') return sleep(BURIAL_MS);
    const buried = async (): Promise<boolean> => (await this.#count('durable.worker')) <= living;
    await this.until('the leases of killed workers are ended', buried);
    await this.until('nothing is leased to a worker without a lease, or to one that is long over (I6)', () =>
      this.#leasesAreFresh(),
    );
  }

  /** I6: within twice the time of a lease its work is somebody else's. However long it takes a busy machine to get there. */
  async #leasesAreFresh(): Promise<boolean> {
    const lease = this.options.worker?.lease ?? WORKER.lease;
    const old = await this.#count(
      `durable.invocation i left join durable.worker w on w.id = i.owner
       where i.owner is not null and (w.id is null or w.lease_until + $1::float8 * interval '1 millisecond' < now())`,
      [typeof lease === 'number' ? lease : ms(lease as StringValue)],
    );
    return old === 0;
  }

  async #count(from: string, values: readonly unknown[] = []): Promise<number> {
    const [row] = await this.database.query<{ count: number }>(
      `select count(*)::int as count from ${from}`,
      values,
    );
    return row?.count ?? 0;
  }
}

function spareOf({ spare, fleet }: SceneOptions): number {
  return spare ?? (fleet === undefined ? 1 : 0);
}

/** Whether it said that it lost its lease, as a machine without time for it may. */
export function hasLostLease(worker: WorkerProcess): boolean {
  return worker.log.includes('renewed its lease too late and lost it');
}
