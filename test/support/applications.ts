import type { INestApplicationContext, ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule, type TestingModuleBuilder } from '@nestjs/testing';
import pg from 'pg';
import { DurableClient, DurableModule, type DurableModuleOptions } from '../../lib/index.js';
import { DURABLE_BACKEND } from '../../lib/options/tokens.js';
import type { Backend } from '../../lib/runtime/backend.js';
import { createScratchDatabase, type ScratchDatabase } from './scratch-database.js';

/** What an application of a test is made of. */
export interface Application extends ModuleMetadata {
  /** Options of the module, over a quiet default: the scratch database, and an own schema. */
  readonly durable?: DurableModuleOptions;
  /** Schema of an application that is to be shared. @default a fresh one */
  readonly schema?: string;
  /** Changes the module before it is compiled: overrides of providers. */
  readonly build?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  /** Changes the application before it starts: global enhancers. */
  readonly prepare?: (app: INestApplicationContextWithGlobals) => void;
}

type INestApplicationContextWithGlobals = ReturnType<TestingModule['createNestApplication']>;

/** Numbers of rows: what is written, and nothing else. */
export interface Rows {
  readonly invocations: number;
  readonly entries: number;
}

/** An application under test. */
export interface Running {
  readonly app: INestApplicationContext;
  readonly client: DurableClient;
  readonly backend: Backend;
  readonly schema: string;
  readonly rows: () => Promise<Rows>;
  readonly close: () => Promise<void>;
}

/** Applications of one spec file, in one scratch database: a schema each, unless they share one. */
export class Applications {
  private readonly running: Running[] = [];
  private schemas = 0;

  private constructor(
    readonly database: ScratchDatabase,
    private readonly admin: pg.Client,
  ) {}

  static async open(): Promise<Applications> {
    const database = await createScratchDatabase();
    const admin = new pg.Client({ connectionString: database.url });
    // The server says so when the database is dropped under a connection that is not quite closed.
    admin.on('error', () => undefined);
    await admin.connect();
    return new Applications(database, admin);
  }

  /** Options of an application in this database. */
  options({ durable, schema = `s${++this.schemas}` }: Application = {}): DurableModuleOptions {
    const quick = { sweepInterval: 50 };
    const worker = durable?.worker ?? true;
    return {
      postgres: { url: this.database.url, poolSize: 4 },
      schema,
      ...durable,
      worker: worker === false ? false : { ...quick, ...(worker === true ? {} : worker) },
    };
  }

  /** Starts an application. Its schema is a fresh one unless it is given. */
  async start(definition: Application): Promise<Running> {
    const { durable: _, schema: __, build = builder => builder, prepare, imports = [], ...rest } = definition;
    const options = this.options(definition);
    const builder = Test.createTestingModule({
      ...rest,
      imports: [DurableModule.forRoot(options), ...imports],
    });
    const module = await build(builder).compile();
    const app = module.createNestApplication({ logger: false });
    prepare?.(app);
    await app.init();
    const schema = options.schema as string;
    const running: Running = {
      app,
      client: app.get(DurableClient),
      backend: app.get<Backend>(DURABLE_BACKEND),
      schema,
      rows: () => this.rows(schema),
      close: async () => {
        this.running.splice(this.running.indexOf(running), 1);
        await app.close();
      },
    };
    this.running.push(running);
    return running;
  }

  async rows(schema: string): Promise<Rows> {
    const { rows } = await this.admin.query<Rows>(
      `SELECT (SELECT count(*)::int FROM ${schema}.invocation) AS invocations,
              (SELECT count(*)::int FROM ${schema}.entry) AS entries`,
    );
    return rows[0] as Rows;
  }

  async query<T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> {
    return (await this.admin.query<T>(text, values)).rows;
  }

  /** Stops what still runs, and drops the database. */
  async close(): Promise<void> {
    await Promise.all([...this.running].map(running => running.close()));
    await this.admin.end();
    await this.database.drop();
  }
}
