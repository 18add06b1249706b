import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplicationContext, LoggerService, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Column, DataSource, Entity, type EntityManager, PrimaryGeneratedColumn } from 'typeorm';
import { DurableClient, DurableModule, type DurableModuleOptions, embeddedDriver } from '../../lib/index.js';
import { DURABLE_BACKEND } from '../../lib/options/tokens.js';
import type { Backend } from '../../lib/runtime/backend.js';
import { copyEmbedded } from './embedded-template.js';
import { createScratchDatabase } from './scratch-database.js';

/** A row of the application's own. */
@Entity('booking')
export class Booking {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column('text')
  what!: string;
}

/** Where an application and the library can share a database. */
export const SHARED_BACKENDS = ['PostgreSQL', 'embedded'] as const;
export type SharedBackend = (typeof SHARED_BACKENDS)[number];

/** An application that has handed over its data source. */
export interface SharedApplication {
  readonly app: INestApplicationContext;
  readonly client: DurableClient;
  readonly backend: Backend;
  readonly dataSource: DataSource;
  /** What is booked, as anyone sees it. */
  booked(): Promise<string[]>;
  close(): Promise<void>;
}

/** A database for applications with tables of their own. */
export class SharedStage {
  private readonly running = new Set<SharedApplication>();

  private constructor(
    private readonly place: object,
    readonly url: string,
    private readonly remove: () => Promise<void>,
  ) {}

  /** @param server URL of a server of the test's own; else the shared one */
  static async open(backend: SharedBackend, server?: string): Promise<SharedStage> {
    if (backend === 'embedded') {
      const directory = await mkdtemp(join(tmpdir(), 'durable-shared-stage-'));
      await copyEmbedded(directory);
      const remove = () => rm(directory, { recursive: true, force: true });
      return new SharedStage({ driver: embeddedDriver({ directory }) }, '', remove);
    }
    const database = await createScratchDatabase(server);
    return new SharedStage({ url: database.url, poolSize: 5 }, database.url, () => database.drop());
  }

  async start({
    durable,
    logger = false,
    typeorm,
    imports = [],
    ...definition
  }: ModuleMetadata & {
    durable?: DurableModuleOptions;
    logger?: LoggerService | false;
    typeorm?: object;
  }): Promise<SharedApplication> {
    const options = { ...this.place, ...typeorm };
    const module = await Test.createTestingModule({
      ...definition,
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', entities: [Booking], synchronize: true, ...options }),
        TypeOrmModule.forFeature([Booking]),
        DurableModule.forRootAsync({
          inject: [DataSource],
          useFactory: (postgres: DataSource) => ({ worker: { sweepInterval: 50 }, ...durable, postgres }),
        }),
        ...imports,
      ],
    }).compile();
    const app = module.createNestApplication({ logger });
    await app.init();
    const dataSource = app.get(DataSource);
    const started: SharedApplication = {
      app,
      dataSource,
      client: app.get(DurableClient),
      backend: app.get<Backend>(DURABLE_BACKEND),
      booked: async () => (await rows(dataSource.manager)).map(({ what }) => what),
      close: async () => {
        if (this.running.delete(started)) await app.close();
      },
    };
    this.running.add(started);
    return started;
  }

  async close(): Promise<void> {
    await Promise.all([...this.running].map(one => one.close()));
    await this.remove();
  }
}

function rows(manager: EntityManager): Promise<Booking[]> {
  return manager.find(Booking, { order: { id: 'ASC' } });
}
