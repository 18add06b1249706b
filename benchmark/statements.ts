import pg from 'pg';

let sent = 0;
const left = new WeakSet<pg.Client>();

/** Counts from now on what this process asks PostgreSQL: every statement, also `BEGIN` and `COMMIT`, is a round trip. */
export function countStatements(): void {
  const prototype = pg.Client.prototype as { query: (...args: unknown[]) => unknown };
  const { query } = prototype;
  prototype.query = function (this: pg.Client, ...args: unknown[]): unknown {
    if (!left.has(this)) sent++;
    return query.apply(this, args);
  };
}

/** Leaves out what a client asks: it is the benchmark's own. */
export function leaveOut(client: pg.Client): void {
  left.add(client);
}

/** Statements that this process has sent since they are counted. */
export function ownStatements(): number {
  return sent;
}
