import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import pg from 'pg';
import { DataSource } from 'typeorm';
import type { DataSourceOptions } from 'typeorm';
import { openDataSource } from '../../lib/adapters/typeorm/data-source.js';
import type { OpenOptions, PostgresOption } from '../../lib/adapters/typeorm/data-source.js';
import { classify } from '../../lib/adapters/typeorm/pg-errors.js';
import { runMigrations } from '../../lib/adapters/typeorm/migrate.js';
import { InvalidOptionError } from '../../lib/errors/options.errors.js';
import { StoreUnavailableError } from '../../lib/errors/store.errors.js';
import { Note, noteTables } from '../support/note-tables.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { createScratchDatabase } from '../support/scratch-database.js';
import type { ScratchDatabase } from '../support/scratch-database.js';
import { until } from '../support/until.js';

const SECRET = 'canary-4711';

describe('openDataSource', () => {
  let database: ScratchDatabase;
  let server: URL;
  let logger: RecordingLogger;
  const opened: DataSource[] = [];

  async function open(postgres: PostgresOption, options: Partial<OpenOptions> = {}): Promise<DataSource> {
    const dataSource = await openDataSource(postgres, {
      schema: 'durable',
      ...noteTables,
      logger,
      ...options,
    });
    opened.push(dataSource);
    return dataSource;
  }

  /** The error of an opening that fails, after a look for the password in everything that it says. */
  async function failure(postgres: PostgresOption, options: Partial<OpenOptions> = {}): Promise<Error> {
    const error = await open(postgres, options).then(
      () => new Error('it was opened'),
      (e: unknown) => e as Error,
    );
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(SECRET);
    expect(logger.lines.join('\n')).not.toContain(SECRET);
    return error;
  }

  function urlOf(changes: { host?: string; database?: string; user?: string }): string {
    const url = new URL(database.url);
    url.password = SECRET;
    if (changes.host !== undefined) url.host = changes.host;
    if (changes.database !== undefined) url.pathname = `/${changes.database}`;
    if (changes.user !== undefined) url.username = changes.user;
    return url.href;
  }

  function application(options: Partial<Extract<DataSourceOptions, { type: 'postgres' }>> = {}): DataSource {
    const theirs = new DataSource({
      type: 'postgres',
      url: database.url,
      applicationName: 'app',
      ...options,
    });
    opened.push(theirs);
    return theirs;
  }

  beforeAll(async () => {
    database = await createScratchDatabase();
    server = new URL(database.url);
  });

  beforeEach(() => {
    logger = new RecordingLogger();
  });

  afterEach(async () => {
    for (const dataSource of opened.splice(0).reverse()) {
      if (dataSource.isInitialized) await dataSource.destroy();
    }
  });

  afterAll(async () => {
    await database.drop();
  });

  describe('of its own', () => {
    it('survives that a connection is ended while it is in use and nobody listens to it', async () => {
      const pools = [(await open(database.url)).driver, (await open(application())).driver];
      for (const { master } of pools as unknown as { readonly master: pg.Pool }[]) {
        // As in the moment between its checkout and TypeORM's own listener. The shared one is asked as TypeORM does.
        const client = await new Promise<pg.PoolClient>((resolve, reject) => {
          master.connect((error, taken) => (taken ? resolve(taken) : reject(error ?? new Error('none'))));
        });
        expect(client.listenerCount('error')).toBeGreaterThan(0);
        const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
        const ended = new Promise<void>(resolve => client.once('end', () => resolve()));
        const other = new pg.Client(database.url);
        await other.connect();
        await other.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
        await Promise.all([ended, other.end()]);
        client.release(true);
      }
    });

    it('opens a URL, with only the entities and migrations that it was given', async () => {
      const dataSource = await open(database.url);
      expect(await dataSource.query('SELECT current_database() AS name')).toEqual([{ name: database.name }]);
      expect(dataSource.entityMetadatas.map(({ target }) => target)).toEqual([Note]);
      expect(dataSource.migrations).toHaveLength(1);
      expect(dataSource.options.synchronize).toBe(false);
      expect(await dataSource.query(`SELECT to_regclass('durable.note') AS note`)).toEqual([{ note: null }]);
    });

    it.each(['user', 'username'])('opens the fields of a connection, by %s', async name => {
      const connection = {
        host: server.hostname,
        port: Number(server.port || 5432),
        [name]: server.username,
        password: () => Promise.resolve(SECRET),
        database: database.name,
        applicationName: 'fields',
        poolSize: 2,
      };
      const dataSource = await open(connection, { poolSize: 9 });
      await Promise.all(Array.from({ length: 6 }, () => dataSource.query('SELECT pg_sleep(0.05)')));
      expect(await database.connections('fields')).toBe(2);
    });

    it('opens no more connections than poolSize, and none after it was closed', async () => {
      const dataSource = await open(database.url, { poolSize: 3 });
      await Promise.all(Array.from({ length: 9 }, () => dataSource.query('SELECT pg_sleep(0.05)')));
      expect(await database.connections('nestjs-durable')).toBe(3);
      await dataSource.destroy();
      await until('all are closed', async () => (await database.connections('nestjs-durable')) === 0);
    });

    it('survives idle connections that the server ends, and says so', async () => {
      const dataSource = await open(database.url, { poolSize: 2 });
      await dataSource.query('SELECT 1');
      await database.terminate('nestjs-durable');
      await until('it was said', () => logger.lines.length > 0);
      expect(logger.lines[0]).toMatch(/^An idle connection to PostgreSQL was lost: /);
      expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('gives a transient error to whoever was using a connection that the server ended', async () => {
      const dataSource = await open(database.url, { poolSize: 1 });
      for (let round = 0; round < 20; round++) {
        const error: unknown = await dataSource
          .transaction(async manager => {
            await manager.query('SELECT 1');
            await database.terminate('nestjs-durable');
            await sleep(round % 3);
            await manager.query('SELECT 2');
          })
          .catch((e: unknown) => e);
        expect(classify(error)).toBe('transient');
      }
      expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });
  });

  describe("on the application's DataSource", () => {
    it('adds no connection, whatever the load', async () => {
      const theirs = await application({ poolSize: 4 }).initialize();
      const ours = await open(theirs, { poolSize: 50 });
      await runMigrations(ours, 'durable');
      const work = Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? ours : theirs));
      await Promise.all(work.map(dataSource => dataSource.query('SELECT pg_sleep(0.02)')));
      expect(await database.connections('app')).toBeLessThanOrEqual(4);
      expect(await database.connections()).toBe(await database.connections('app'));
      await ours.query('DROP SCHEMA durable CASCADE');
    });

    it('has its own entities only, and leaves those of the application alone', async () => {
      const theirs = await application().initialize();
      const ours = await open(theirs);
      expect(ours.hasMetadata(Note)).toBe(true);
      expect(theirs.hasMetadata(Note)).toBe(false);
    });

    it('leaves theirs open when it is closed, and can be opened again', async () => {
      const theirs = await application().initialize();
      for (let round = 0; round < 3; round++) {
        const ours = await open(theirs);
        await ours.transaction(manager => manager.query('SELECT 1'));
        await ours.destroy();
        expect(await theirs.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      }
    });

    it('initializes theirs if the application did not yet, and leaves it open', async () => {
      const theirs = application();
      const ours = await open(theirs);
      expect(theirs.isInitialized).toBe(true);
      await ours.destroy();
      expect(await theirs.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('says so when theirs was closed, and follows it when it is opened again', async () => {
      const theirs = await application().initialize();
      const ours = await open(theirs);
      await theirs.destroy();
      await expect(ours.query('SELECT 1')).rejects.toThrow("The application's DataSource is not initialized");
      await theirs.initialize();
      expect(await ours.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('lets errors of connections go to the application, and goes on', async () => {
      const seen: string[] = [];
      const theirs = await application({ poolErrorHandler: (e: Error) => seen.push(e.message) }).initialize();
      const ours = await open(theirs);
      await database.terminate('app');
      await until('it was said', () => seen.length > 0);
      expect(await ours.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('is refused when theirs is no PostgreSQL, by the name of its type', async () => {
      const theirs = new DataSource({ type: 'sqljs', driver: {} });
      const error = await failure(theirs);
      expect(error).toBeInstanceOf(InvalidOptionError);
      expect(error).toMatchObject({ code: 'DURABLE_INVALID_OPTION', option: 'postgres' });
      expect(error.message).toContain("of type 'sqljs'");
    });
  });

  describe('while the server is away', () => {
    let port: number;

    /** Passes connections on to the server; `busy` says what a server says that is starting up. */
    async function listen(mode: 'pass' | 'busy' | 'silent'): Promise<{ close(): Promise<void> }> {
      const sockets = new Set<Socket>();
      const proxy: Server = createServer(socket => {
        sockets.add(socket);
        socket.on('error', () => undefined);
        if (mode === 'busy') socket.once('data', () => socket.end(startingUp()));
        if (mode === 'pass') void passOn(socket, sockets);
      });
      proxy.listen(port, '127.0.0.1');
      await once(proxy, 'listening');
      port = (proxy.address() as AddressInfo).port;
      return {
        close: async () => {
          for (const socket of sockets) socket.destroy();
          proxy.close();
          await once(proxy, 'close');
        },
      };
    }

    async function passOn(socket: Socket, sockets: Set<Socket>): Promise<void> {
      const { connect } = await import('node:net');
      const upstream = connect(Number(server.port || 5432), server.hostname);
      sockets.add(upstream);
      upstream.on('error', () => undefined);
      socket.pipe(upstream).pipe(socket);
    }

    beforeEach(async () => {
      port = 0;
      await (await listen('pass')).close();
    });

    it('tries again, says so each time, and opens when the server is there', async () => {
      const opening = open(urlOf({ host: `127.0.0.1:${port}` }));
      await until('it was said', () => logger.lines.length >= 1);
      const busy = await listen('busy');
      await until('it was said', () => logger.lines.length >= 2);
      await busy.close();
      const proxy = await listen('pass');
      const dataSource = await opening;
      expect(await dataSource.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect(logger.lines[0]).toMatch(
        /^PostgreSQL at 127\.0\.0\.1:\d+ cannot be used yet \(.*ECONNREFUSED.*\); next attempt in 250 ms/,
      );
      expect(logger.lines[1]).toMatch(/starting up.*next attempt in 500 ms/);
      expect(logger.lines.join('\n')).not.toContain(SECRET);
      await dataSource.destroy();
      await proxy.close();
    });

    it('gives up when the time is up, with the address and the cause, and without the password', async () => {
      const began = performance.now();
      const error = await failure(urlOf({ host: `127.0.0.1:${port}` }), { connectTimeout: 700 });
      expect(performance.now() - began).toBeLessThan(10_000);
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(error).toMatchObject({
        code: 'DURABLE_STORE_UNAVAILABLE',
        host: '127.0.0.1',
        port,
        database: database.name,
        attempts: 2,
        cause: { code: 'ECONNREFUSED' },
      });
      expect(error.message).toContain(`127.0.0.1:${port}, database "${database.name}"`);
    });

    it('gives up on a server that accepts and says nothing', async () => {
      const silent = await listen('silent');
      const began = performance.now();
      const error = await failure(urlOf({ host: `127.0.0.1:${port}` }), { connectTimeout: 300 });
      expect(performance.now() - began).toBeLessThan(10_000);
      expect(error).toMatchObject({ code: 'DURABLE_STORE_UNAVAILABLE', attempts: 1 });
      expect(error.message).toContain('no answer in time');
      await silent.close();
    });

    it("waits for the server of the application's DataSource as well", async () => {
      const theirs = application({ url: urlOf({ host: `127.0.0.1:${port}` }) });
      const opening = open(theirs);
      await until('it was said', () => logger.lines.length >= 1);
      const proxy = await listen('pass');
      const ours = await opening;
      expect(await ours.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await ours.destroy();
      await theirs.destroy();
      await proxy.close();
    });

    it('stops at once when it is aborted, with the reason', async () => {
      const abort = new AbortController();
      const reason = new Error('shut down');
      const opening = open(urlOf({ host: `127.0.0.1:${port}` }), { signal: abort.signal });
      await until('it was said', () => logger.lines.length >= 3);
      const began = performance.now();
      abort.abort(reason);
      await expect(opening).rejects.toBe(reason);
      expect(performance.now() - began).toBeLessThan(1_000);
      await expect(open(database.url, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });
  });

  describe('that waiting does not heal fails at once:', () => {
    it('an unknown database', async () => {
      const error = await failure(urlOf({ database: 'no_such_database' }));
      expect(error).toMatchObject({
        code: 'DURABLE_STORE_UNAVAILABLE',
        attempts: 1,
        cause: { code: '3D000' },
      });
      expect(error.message).toContain('database "no_such_database" does not exist');
    });

    it('an unknown user', async () => {
      const error = await failure(urlOf({ user: 'no_such_user' }));
      expect(error).toMatchObject({ attempts: 1, cause: { code: '28000' } });
    });

    it('a wrong password', async () => {
      const refusing = createServer(socket => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.end(fatal('28P01', 'password authentication failed for user "x"')));
      }).listen(0, '127.0.0.1');
      await once(refusing, 'listening');
      const { port } = refusing.address() as AddressInfo;
      const error = await failure(urlOf({ host: `127.0.0.1:${port}`, user: 'x' }));
      expect(error).toMatchObject({ attempts: 1, cause: { code: '28P01' } });
      refusing.close();
      await once(refusing, 'close');
    });

    it('a server without TLS', async () => {
      const error = await failure({ url: database.url, password: SECRET, ssl: true });
      expect(error).toMatchObject({ code: 'DURABLE_STORE_UNAVAILABLE', attempts: 1 });
      expect(error.message).toContain('does not support SSL');
    });

    it('a server that waits for a line, as Redis does', async () => {
      const sockets: Socket[] = [];
      const redis = createServer(socket => {
        sockets.push(socket);
        socket.on('error', () => undefined);
        socket.on('data', data => !data.includes(0) && socket.write('+PONG\r\n'));
      }).listen(0, '127.0.0.1');
      await once(redis, 'listening');
      const { port } = redis.address() as AddressInfo;
      const error = await failure(urlOf({ host: `127.0.0.1:${port}` }), { connectTimeout: 500 });
      expect(error).toMatchObject({ code: 'DURABLE_STORE_UNAVAILABLE', attempts: 1 });
      expect(error.message).toContain('what answers there is no PostgreSQL');
      for (const socket of sockets) socket.destroy();
      redis.close();
      await once(redis, 'close');
    });

    it('a web server', async () => {
      const web = createHttpServer().listen(0, '127.0.0.1');
      await once(web, 'listening');
      const { port } = web.address() as AddressInfo;
      const error = await failure(urlOf({ host: `127.0.0.1:${port}` }));
      expect(error).toMatchObject({ code: 'DURABLE_STORE_UNAVAILABLE', attempts: 1 });
      expect(error.message).toContain('what answers there is no PostgreSQL');
      web.close();
      await once(web, 'close');
    });

    it.each(['mysql://u:canary-4711@h/d', 'postgres://u:12#canary-4711@h/d', 'canary-4711'])(
      'what is no PostgreSQL URL (%#)',
      async url => {
        expect(await failure(url)).toBeInstanceOf(InvalidOptionError);
      },
    );

    it('a schema name that would have to be escaped', async () => {
      const error = await failure(database.url, { schema: 'a"; DROP' });
      expect(error).toMatchObject({ code: 'DURABLE_INVALID_OPTION', option: 'schema' });
    });
  });

  it('keeps the application from nothing: pg itself is left as it was', async () => {
    await open(database.url);
    const client = new pg.Client(database.url);
    await client.connect();
    await client.end();
  });
});

function startingUp(): Buffer {
  return fatal('57P03', 'the database system is starting up');
}

/** An error message of the PostgreSQL wire protocol, version 3. */
function fatal(code: string, message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5, 'E');
  head.writeInt32BE(4 + fields.length, 1);
  return Buffer.concat([head, fields]);
}
