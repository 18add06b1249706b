import { Duplex } from 'node:stream';
import type { PGlite } from '@electric-sql/pglite';
import pg from 'pg';

type Done = (error?: Error | null) => void;

const TERMINATE = 0x58;

/** A socket whose other end is a PGlite in this process. */
class PGliteSocket extends Duplex {
  constructor(private readonly db: PGlite) {
    super();
  }

  connect(): this {
    queueMicrotask(() => this.emit('connect'));
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  override _read(): void {
    // What comes is pushed by `send`.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.send(chunk).then(() => done(), done);
  }

  // What was corked is one message up to its Sync: PGlite does not recover from an error before it has seen that.
  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this.send(Buffer.concat(chunks.map(({ chunk }) => chunk))).then(() => done(), done);
  }

  private async send(bytes: Buffer): Promise<void> {
    if (bytes[0] === TERMINATE) return void this.push(null);
    const answer = await this.db.runExclusive(() => this.db.execProtocolRaw(bytes));
    if (answer.length > 0) this.push(Buffer.from(answer));
  }
}

/** The driver `pg` for TypeORM, on a PGlite: one client only, for PGlite is one session. */
export function pgliteDriver(db: PGlite): typeof pg {
  class Client extends pg.Client {
    constructor() {
      super({ host: 'pglite', user: 'postgres', database: 'postgres', stream: () => new PGliteSocket(db) });
    }
  }
  class Pool extends pg.Pool {
    constructor() {
      super({ max: 1, idleTimeoutMillis: 0, Client });
    }
  }
  return Object.assign(Object.create(pg) as typeof pg, { Client, Pool });
}
