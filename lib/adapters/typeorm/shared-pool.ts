import type { DataSource } from 'typeorm';
import type pg from 'pg';

type Connected = (
  error: Error | undefined,
  client?: pg.PoolClient,
  release?: (error?: Error) => void,
) => void;

/** Key under which a watched `connect` keeps the plain one: the library's own queries are no concern of a step's. */
export const UNWATCHED = Symbol.for('nestjs-durable.unwatched');

/** The part of a pg pool that TypeORM's PostgreSQL driver uses. */
interface PoolLike {
  on(event: 'error', listener: (error: Error) => void): unknown;
  connect: ((callback: Connected) => void) & { readonly [UNWATCHED]?: (callback: Connected) => void };
  end(callback: (error?: Error) => void): void;
}

/**
 * A pg driver whose pools are the application's, for a second TypeORM `DataSource` that is to open no connection
 * of its own: `{ type: 'postgres', driver: sharedPoolDriver(theirs) }`.
 *
 * It is asked for its pool at every use, so an application that destroys and initializes its `DataSource` again is
 * followed. Closing a pool does nothing; errors of idle connections go to the application's own handler.
 */
export function sharedPoolDriver(theirs: DataSource): { readonly Pool: new () => PoolLike } {
  const known = new WeakSet<pg.PoolClient>();
  // One that breaks while it is in use, and between two queries, would end the process if nobody listened.
  const survive = (client: pg.PoolClient): void => {
    if (known.has(client)) return;
    known.add(client);
    client.on('error', () => undefined);
  };
  class SharedPool implements PoolLike {
    on(): this {
      return this;
    }

    connect(callback: Connected): void {
      const pool = poolOf(theirs);
      if (pool === undefined) callback(new Error("The application's DataSource is not initialized"));
      else {
        const connect = pool.connect[UNWATCHED] ?? pool.connect;
        connect.call(pool, (error, client, release) => {
          if (client) survive(client);
          callback(error, client, release);
        });
      }
    }

    end(callback: () => void): void {
      callback();
    }
  }
  return { Pool: SharedPool };
}

/** Where TypeORM keeps the pool, 0.3 and 1 alike: the primary's one under replication. */
function poolOf(dataSource: DataSource): PoolLike | undefined {
  return (dataSource.driver as { readonly master?: PoolLike }).master;
}
