import type pg from 'pg';
import type { DataSource } from 'typeorm';
import type { Logger } from '../../ports/logger.js';
import { type EmbeddedSession, openSession } from './embedded-session.js';

/** Where the embedded database of an application is. */
export interface EmbeddedDriverOptions {
  /**
   * Directory of the database, relative to the working directory; made if missing. `false`: in memory, for tests.
   * @default '.durable'
   */
  readonly directory?: string | false;
  /** Told when the directory is taken away by another process. @default console */
  readonly logger?: Pick<Logger, 'error'>;
}

const BRAND = Symbol.for('nestjs-durable.embedded-driver');

/** What TypeORM takes as `driver`. */
export interface EmbeddedDriver {
  readonly Pool: new () => object;
  readonly [BRAND]: true;
}

type Connected = Parameters<pg.Pool['connect']>[0];

/**
 * The embedded PostgreSQL as the `driver` of the application's own TypeORM `DataSource`, so that its entities and the
 * library's tables are in one database: hand the `DataSource` over as the option `postgres` of the module.
 *
 * It is opened when the `DataSource` is initialized, and closed when that is destroyed. It has one session: one
 * transaction at a time, and whoever waits for a second connection while he has the first gets an error.
 *
 * @example
 * ```ts
 * TypeOrmModule.forRoot({ type: 'postgres', driver: embeddedDriver(), entities: [Account], synchronize: true });
 * DurableModule.forRootAsync({ inject: [DataSource], useFactory: (postgres: DataSource) => ({ postgres }) });
 * ```
 * @throws MissingPackageError (DURABLE_MISSING_PACKAGE), DirectoryInUseError (DURABLE_DIRECTORY_IN_USE),
 *   EmbeddedOpenError (DURABLE_EMBEDDED_OPEN) when it is initialized
 */
export function embeddedDriver(options: EmbeddedDriverOptions = {}): EmbeddedDriver {
  const { directory, logger = console } = options;
  const open = (): Promise<EmbeddedSession> => openSession({ directory, logger });

  /** The pool of one session, which is opened by who asks for it first. */
  class Pool {
    readonly options = { max: 1 };
    private readonly listeners: ((error: Error) => void)[] = [];
    private opening: Promise<{ session: EmbeddedSession; pool: pg.Pool }> | undefined;

    on(event: 'error', listener: (error: Error) => void): this {
      if (event === 'error') this.listeners.push(listener);
      return this;
    }

    connect(connected: Connected): void {
      (this.opening ??= this.open()).then(
        ({ pool }) => pool.connect(connected),
        (error: Error) => connected(error, undefined, () => undefined),
      );
    }

    end(ended: (error?: Error) => void): void {
      this.close().then(
        () => ended(),
        (error: Error) => ended(error),
      );
    }

    private async open(): Promise<{ session: EmbeddedSession; pool: pg.Pool }> {
      try {
        const session = await open();
        const pool = new session.driver.Pool();
        for (const listener of this.listeners) pool.on('error', listener);
        return { session, pool };
      } catch (error) {
        this.opening = undefined;
        throw error;
      }
    }

    private async close(): Promise<void> {
      const opened = await this.opening?.catch(() => undefined);
      await opened?.pool.end();
      await opened?.session.close();
    }
  }
  return { Pool, [BRAND]: true };
}

const begun = new WeakMap<object, Map<string, Promise<void>>>();

/**
 * Does once what is to be done for a schema when the embedded database of a data source is opened, however many use it:
 * who comes second waits for that. Anew after a failure, and after the data source was closed and opened again.
 */
export async function onceOpened(
  { driver }: DataSource,
  schema: string,
  work: () => Promise<void>,
): Promise<void> {
  const { master: pool = driver } = driver as { readonly master?: object };
  const done = begun.get(pool) ?? new Map<string, Promise<void>>();
  begun.set(pool, done);
  const started = done.get(schema) ?? work();
  done.set(schema, started);
  try {
    await started;
  } catch (error) {
    done.delete(schema);
    throw error;
  }
}

/** Whether a data source is on the embedded database. */
export function isEmbedded({ options }: DataSource): boolean {
  const { driver } = options as { readonly driver?: { readonly [BRAND]?: true } };
  return driver?.[BRAND] === true;
}
