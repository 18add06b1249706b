import { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import pg from 'pg';

/** What the driver needs of a PGlite. */
export interface PGliteSession {
  runExclusive<T>(work: () => Promise<T>): Promise<T>;
  execProtocolRaw(message: Uint8Array): Promise<Uint8Array>;
}

export interface PgliteDriverOptions {
  /**
   * Milliseconds that a caller waits for the one session before it gets an error. Whoever asks for a second
   * connection while it holds the first waits for itself, and learns it this way. @default 30000
   */
  readonly sessionTimeout?: number;
  /** Asked before every message; throws what the caller is to get instead of an answer. */
  readonly assertUsable?: () => void;
}

/** The part of `pg` that TypeORM uses of its `driver` option. */
export interface PgDriver {
  readonly Pool: new (config?: pg.PoolConfig) => pg.Pool;
}

const SESSION_TIMEOUT = 30_000;
/** First byte of the message with which a client ends a session. */
const TERMINATE = 0x58;

/**
 * A `pg` whose server is a PGlite in this process, for TypeORM: `{ type: 'postgres', driver: pgliteDriver(db) }`.
 *
 * The wire protocol is kept, so that types, error codes and row counts are those of any PostgreSQL. PGlite is one
 * session: the pool has one client, transactions come one after the other, and advisory locks and
 * `SKIP LOCKED` say nothing. Closing the pool leaves `db` open.
 */
export function pgliteDriver(db: PGliteSession, options: PgliteDriverOptions = {}): PgDriver {
  const exchange = (message: Uint8Array): Promise<Uint8Array> =>
    db.runExclusive(async () => {
      options.assertUsable?.();
      return db.execProtocolRaw(message);
    });

  class Client extends pg.Client {
    constructor() {
      super({
        host: 'pglite',
        user: 'postgres',
        database: 'postgres',
        password: '',
        ssl: false,
        stream: () => new InProcessSocket(exchange),
      });
    }
  }

  class Pool extends pg.Pool {
    constructor() {
      super({
        max: 1,
        idleTimeoutMillis: 0,
        connectionTimeoutMillis: options.sessionTimeout ?? SESSION_TIMEOUT,
        Client,
      });
    }
  }

  // Nothing else of pg is passed on: TypeORM would prefer its `native`, which connects to a real server.
  return { Pool };
}

type Exchange = (message: Uint8Array) => Promise<Uint8Array>;
type Done = (error?: Error | null) => void;

/** A socket whose other end is a database in this process. It has the methods of `net.Socket` that pg calls. */
class InProcessSocket extends Duplex {
  constructor(private readonly exchange: Exchange) {
    super();
  }

  connect(): this {
    this.startSession().then(
      () => this.emit('connect'),
      (error: unknown) => this.destroy(error as Error),
    );
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
    // Answers are pushed when they are there.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.send(chunk).then(() => done(), done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    this.send(Buffer.concat(chunks.map(({ chunk }) => chunk))).then(() => done(), done);
  }

  /** A server forgets a client that is gone. Here the next client inherits its session, open transaction and all. */
  private async startSession(): Promise<void> {
    await this.exchange(simpleQuery('ROLLBACK'));
    await this.exchange(simpleQuery('DISCARD ALL'));
  }

  private async send(message: Buffer): Promise<void> {
    if (message[0] === TERMINATE) {
      this.push(null);
      return;
    }
    const answer = await this.exchange(message);
    // pg and its pool go from one query to the next without a macrotask: without this, timers and network would
    // wait until no caller has a query left.
    await setImmediate();
    if (answer.length > 0 && !this.destroyed) this.push(Buffer.from(answer));
  }
}

/** A query message of the PostgreSQL wire protocol, version 3. */
function simpleQuery(sql: string): Uint8Array {
  const text = Buffer.from(`${sql}\0`);
  const head = Buffer.alloc(5, 'Q');
  head.writeInt32BE(4 + text.length, 1);
  return Buffer.concat([head, text]);
}
