import type { INestApplicationContext, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DurableClient,
  DurableModule,
  type DurableModuleOptions,
  type WorkerOptions,
} from '../../lib/index.js';
import { DURABLE_BACKEND } from '../../lib/options/tokens.js';
import type { Backend } from '../../lib/runtime/backend.js';
import { copyEmbedded } from './embedded-template.js';
import { form } from './form.js';
import { PooledServers } from './pooled-servers.js';
import { RedisTransports, SHARED_REDIS } from './redis-transports.js';
import { createScratchDatabase } from './scratch-database.js';

/** What the package can run on; `suspending at once` lets go of what waits, so that every wait is a replay. */
const ALL = [
  'embedded',
  'PostgreSQL',
  'PostgreSQL and Redis',
  'PostgreSQL, suspending at once',
  'PostgreSQL through PgBouncer, and Redis Cluster',
] as const;
export type BackendName = (typeof ALL)[number];

/**
 * Those that a spec goes through. The others are gone through by `DURABLE_TEST_FULL=1`: the embedded one has its own
 * contract tests, and most samples run on it; what the plain one does the others do, too; pooler and Cluster have
 * `pooled-and-clustered.spec.ts`.
 */
export const BACKENDS = form<readonly BackendName[]>(ALL, [
  'PostgreSQL and Redis',
  'PostgreSQL, suspending at once',
]);

const QUICK: WorkerOptions = { sweepInterval: 50 };

/** An application on a stage. */
export interface Staged {
  readonly app: INestApplicationContext;
  readonly client: DurableClient;
  readonly backend: Backend;
  /** Closes it in an orderly way: what it drives is given back. */
  readonly close: () => Promise<void>;
}

/** One database for the applications of a spec, one after the other or, on a server, beside each other. */
export class Stage {
  private readonly running = new Set<Staged>();

  private constructor(
    /** Where it is. */
    private readonly place: DurableModuleOptions,
    /** How its workers work, unless an application says otherwise. */
    private readonly pace: WorkerOptions,
    private readonly remove: () => Promise<void>,
  ) {}

  static async open(backend: BackendName): Promise<Stage> {
    if (backend === 'embedded') {
      const directory = await mkdtemp(join(tmpdir(), 'durable-stage-'));
      await copyEmbedded(directory);
      return new Stage({ embedded: { directory } }, QUICK, () =>
        rm(directory, { recursive: true, force: true }),
      );
    }
    if (backend === 'PostgreSQL through PgBouncer, and Redis Cluster') return Stage.openPooled();
    const database = await createScratchDatabase();
    const postgres = { url: database.url, poolSize: 4 };
    if (backend !== 'PostgreSQL and Redis') {
      const pace = backend === 'PostgreSQL' ? QUICK : { ...QUICK, residency: 0 };
      return new Stage({ postgres }, pace, () => database.drop());
    }
    const redis = new RedisTransports();
    return new Stage({ postgres, redis: SHARED_REDIS, namespace: redis.namespace }, QUICK, async () => {
      await redis.clean();
      await database.drop();
    });
  }

  /** A pool that is smaller than what one application would take. */
  private static async openPooled(): Promise<Stage> {
    const servers = await PooledServers.start(3);
    const database = await createScratchDatabase();
    const postgres = { url: servers.urlOf(database.name), poolSize: 4 };
    return new Stage({ postgres, redis: servers.redis }, QUICK, async () => {
      await servers.stop();
      await database.drop();
    });
  }

  /** Starts an application. One that sends only says `durable: { worker: false }`. */
  async start({
    durable,
    imports = [],
    ...definition
  }: ModuleMetadata & { durable?: DurableModuleOptions }): Promise<Staged> {
    const worker = durable?.worker ?? true;
    const quick = { ...this.pace, ...(worker === true ? {} : worker) };
    const options = { ...this.place, ...durable, worker: worker === false ? (false as const) : quick };
    const module = await Test.createTestingModule({
      ...definition,
      imports: [DurableModule.forRoot(options), ...imports],
    }).compile();
    const app = module.createNestApplication({ logger: false });
    await app.init();
    const staged: Staged = {
      app,
      client: app.get(DurableClient),
      backend: app.get<Backend>(DURABLE_BACKEND),
      close: async () => {
        if (this.running.delete(staged)) await app.close();
      },
    };
    this.running.add(staged);
    return staged;
  }

  /** URL of its database, which is on a server. */
  get url(): string {
    const { postgres } = this.place;
    return (postgres as { readonly url: string }).url;
  }

  /** Stops what still runs, and removes the database. */
  async close(): Promise<void> {
    await Promise.all([...this.running].map(staged => staged.close()));
    await this.remove();
  }
}
