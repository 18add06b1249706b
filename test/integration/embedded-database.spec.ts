import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { openEmbeddedDatabase } from '../../lib/adapters/embedded/embedded-database.js';
import type { EmbeddedDatabase } from '../../lib/adapters/embedded/embedded-database.js';
import { classify } from '../../lib/adapters/typeorm/pg-errors.js';
import { runMigrations } from '../../lib/adapters/typeorm/migrate.js';
import { Child } from '../support/child.js';
import { Note, noteTables } from '../support/note-tables.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { until } from '../support/until.js';

jest.setTimeout(120_000);

/** Patience with a busy machine. */
const MINUTE = 60_000;
const IN_USE = 'DURABLE_DIRECTORY_IN_USE';

describe('embedded database', () => {
  let root: string;
  const opened: EmbeddedDatabase[] = [];
  const children: Child[] = [];

  async function open(
    directory: string | false,
    options: { sessionTimeout?: number; files?: Blob } = {},
  ): Promise<EmbeddedDatabase> {
    const database = await openEmbeddedDatabase({
      directory,
      schema: 'durable',
      ...noteTables,
      ...options,
      logger: new RecordingLogger(),
    });
    opened.push(database);
    await runMigrations(database.dataSource, 'durable');
    return database;
  }

  function write(directory: string): Child {
    const child = new Child('embedded-writer.mjs', [directory]);
    children.push(child);
    return child;
  }

  async function writeSome(child: Child, count: number): Promise<void> {
    expect(await child.receive()).toBe('opened');
    for (let id = 0; id < count; id++) await child.receive();
  }

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'durable-embedded-'));
  });

  async function closeAll(): Promise<void> {
    await Promise.all(opened.splice(0).map(database => database.close()));
    await Promise.all(children.splice(0).map(child => child.kill()));
  }

  afterAll(async () => {
    await rm(root, { recursive: true, force: true });
  });

  describe('in memory', () => {
    let dataSource: DataSource;
    /** Of one that has its tables: to create one takes seconds. */
    let files: Blob;

    beforeAll(async () => {
      const database = await open(false);
      ({ dataSource } = database);
      files = await database.dump();
    });

    beforeEach(async () => {
      await dataSource.query('DELETE FROM durable.note');
    });

    afterAll(closeAll);

    it('answers as PostgreSQL does: types, counts, error codes', async () => {
      const notes = dataSource.getRepository(Note);
      await notes.insert({ id: '9007199254740993', body: '' });
      expect(await notes.find()).toEqual([{ id: '9007199254740993', body: '' }]);
      expect((await notes.update({ id: '1' }, { body: 'x' })).affected).toBe(0);
      await expect(notes.insert({ id: '9007199254740993', body: '' })).rejects.toMatchObject({
        code: '23505',
      });
      const [row] = await dataSource.query<object[]>(
        `SELECT '\\x00ff'::bytea AS bytes, timestamptz '2020-01-01Z' AS at, 'null'::jsonb AS json`,
      );
      expect(row).toEqual({ bytes: Buffer.from([0, 255]), at: new Date('2020-01-01Z'), json: null });
    });

    it('keeps transactions apart, and rolls back the one that fails', async () => {
      const work = Array.from({ length: 40 }, (_, id) =>
        dataSource.transaction(async manager => {
          await manager.insert(Note, { id: String(id), body: '' });
          await sleep(1);
          if (id % 2 === 0) throw new Error('no');
          await manager.insert(Note, { id: String(1000 + id), body: '' });
        }),
      );
      const outcomes = await Promise.allSettled(work);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
      expect(await dataSource.getRepository(Note).count()).toBe(40);
    });

    it('shows a caller that waits for itself as an error that names no secret and can be tried again', async () => {
      const { dataSource: impatient } = await open(false, { sessionTimeout: 500, files });
      const error: unknown = await impatient
        .transaction(async () => impatient.query<unknown>('SELECT 1'))
        .catch((e: unknown) => e);
      expect(error).toMatchObject({ message: 'timeout exceeded when trying to connect' });
      expect(classify(error)).toBe('transient');
      expect(await impatient.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('leaves nothing of a client that is gone to the next one', async () => {
      const runner = dataSource.createQueryRunner();
      await runner.query("SET statement_timeout TO '1h'");
      await runner.startTransaction();
      await runner.manager.insert(Note, { id: '1', body: 'never committed' });
      await (
        runner as unknown as { releasePostgresConnection(e: Error): Promise<void> }
      ).releasePostgresConnection(new Error('broken'));
      expect(await dataSource.getRepository(Note).count()).toBe(0);
      expect(await dataSource.query('SHOW statement_timeout')).toEqual([{ statement_timeout: '0' }]);
      await expect(dataSource.query('SAVEPOINT s')).rejects.toThrow(/transaction block/);
    });

    it('lets timers and network have their turn while queries follow one another', async () => {
      let turns = 0;
      const timer = setInterval(() => turns++, 1);
      for (let n = 0; n < 500; n++) await dataSource.query('SELECT 1');
      clearInterval(timer);
      expect(turns).toBeGreaterThan(20);
    });

    it('takes several statements and large values in one message', async () => {
      const body = 'x'.repeat(5_000_000);
      await dataSource.getRepository(Note).insert({ id: '1', body });
      expect((await dataSource.getRepository(Note).findOneByOrFail({ id: '1' })).body).toBe(body);
      await dataSource.query('SELECT 1; SELECT 2; DELETE FROM durable.note');
      expect(await dataSource.getRepository(Note).count()).toBe(0);
    });

    it('is maintained like the others, and gone after it was closed', async () => {
      const database = await open(false, { files });
      await database.dataSource.getRepository(Note).insert({ id: '1', body: '' });
      await database.maintain();
      await database.close();
      await database.close();
      const again = await open(false, { files });
      expect(await again.dataSource.getRepository(Note).count()).toBe(0);
    });
  });

  describe('in a directory', () => {
    afterEach(closeAll);

    /** A directory with a database that has its tables: a copy, for to create one takes seconds. */
    async function created(name: string): Promise<string> {
      const template = join(root, 'template');
      if (!existsSync(template)) await (await open(template)).close();
      await cp(template, join(root, name), { recursive: true });
      return join(root, name);
    }

    it('makes its directory with its parents, and keeps rows from one opening to the next', async () => {
      const directory = join(root, 'a', 'b', 'c');
      const first = await open(directory);
      await first.dataSource.getRepository(Note).insert({ id: '1', body: 'kept' });
      await first.close();
      expect((await readdir(directory)).toSorted()).toEqual(['.gitignore', 'lock', 'pgdata']);
      const second = await open(directory);
      expect(await second.dataSource.getRepository(Note).find()).toEqual([{ id: '1', body: 'kept' }]);
    });

    it('refuses a second opening, in this process and in another, until the first is closed', async () => {
      const directory = await created('twice');
      const first = await open(directory);
      await expect(open(directory)).rejects.toMatchObject({ code: IN_USE, directory, pid: process.pid });
      expect(await write(directory).receive()).toBe(IN_USE);
      await Promise.all([first.close(), first.close()]);

      const child = write(directory);
      await writeSome(child, 3);
      await expect(open(directory)).rejects.toMatchObject({ code: IN_USE, pid: child.pid });
      child.send('close');
      while ((await child.receive()) !== 'closed');
      const second = await open(directory);
      expect(await second.dataSource.getRepository(Note).count()).toBeGreaterThanOrEqual(3);
    });

    it('keeps every acknowledged row through kill -9, again and again', async () => {
      const directory = await created('killed');
      let acknowledged = 0;
      for (let round = 0; round < 3; round++) {
        const child = write(directory);
        await writeSome(child, 20);
        await sleep(Math.random() * 150);
        await child.kill();
        acknowledged = Math.max(acknowledged, ...child.drain().map(Number).filter(Number.isInteger));
        const database = await open(directory);
        const [row] = await database.dataSource.query<[{ n: number; odd: number }]>(
          `SELECT count(*)::int AS n, (count(*) FILTER (WHERE body <> 'committed ' || id))::int AS odd FROM durable.note`,
        );
        expect(row.n).toBeGreaterThanOrEqual(acknowledged);
        expect(row.odd).toBe(0);
        await database.close();
      }
    });

    it('starts again after it was killed while it was created for the first time', async () => {
      let interrupted = 0;
      for (const moment of ['mark', 'files']) {
        const directory = join(root, `created-${moment}`);
        const child = write(directory);
        await until('it is being created', () => existsSync(join(directory, 'creating')), MINUTE);
        // The files appear at once, after initdb ran in memory.
        const base = join(directory, 'pgdata', 'base');
        await until('its files appear', () => moment === 'mark' || existsSync(base), MINUTE);
        await child.kill();
        if (existsSync(join(directory, 'creating'))) {
          interrupted++;
          // What PGlite would take for a database: it looks for this file only.
          await mkdir(join(directory, 'pgdata'), { recursive: true });
          await writeFile(join(directory, 'pgdata', 'PG_VERSION'), '18\n');
          await rm(join(directory, 'pgdata', 'global'), { recursive: true, force: true });
        }
        const database = await open(directory);
        await database.dataSource.getRepository(Note).insert({ id: '1000000', body: '' });
        await database.close();
        expect(existsSync(join(directory, 'creating'))).toBe(false);
      }
      expect(interrupted).toBeGreaterThan(0);
    });

    it('does not take over a directory whose database cannot be opened, and says why', async () => {
      const directory = join(root, 'broken');
      await mkdir(join(directory, 'pgdata'), { recursive: true });
      await writeFile(join(directory, 'pgdata', 'PG_VERSION'), '9\n');
      for (let attempt = 0; attempt < 2; attempt++) {
        await expect(open(directory)).rejects.toMatchObject({ code: 'DURABLE_EMBEDDED_OPEN', directory });
      }
      await expect(open(directory)).rejects.toThrow(/written by PostgreSQL 9/);
      expect(await readdir(join(directory, 'lock'))).toEqual([expect.stringMatching(/^free\./)]);
      expect(await readdir(join(directory, 'pgdata'))).toContain('PG_VERSION');
    });

    it('does not open under a path that is a file', async () => {
      const file = join(root, 'file');
      await writeFile(file, '');
      await expect(open(join(file, 'sub'))).rejects.toMatchObject({ code: 'DURABLE_EMBEDDED_OPEN' });
    });

    it('writes nothing more once its directory is gone, and says so', async () => {
      const directory = await created('removed');
      const child = write(directory);
      await writeSome(child, 3);
      await rm(join(directory, 'lock'), { recursive: true });
      const said: unknown[] = [];
      while (said.at(-1) !== 'closed') said.push(await child.receive());
      const [line, code, closed, ...more] = said.filter(message => typeof message === 'string');
      expect(line).toMatch(/no longer belongs to this process/);
      expect([code, closed, more]).toEqual(['DURABLE_DIRECTORY_LOST', 'closed', []]);
      expect(said.slice(-2)).toEqual(['DURABLE_DIRECTORY_LOST', 'closed']);
    });

    it('bounds the write-ahead log by its maintenance', async () => {
      const directory = await created('wal');
      const database = await open(directory);
      const notes = database.dataSource;
      const sizes: number[] = [];
      for (let round = 0; round < 4; round++) {
        await notes.query(
          `INSERT INTO durable.note SELECT n, repeat(md5(n::text), 60) FROM generate_series(1, 12000) n`,
        );
        await notes.query('DELETE FROM durable.note');
        await database.maintain();
        sizes.push(await sizeOf(join(directory, 'pgdata', 'pg_wal')));
      }
      const [heap] = await notes.query<[{ size: number }]>(
        `SELECT pg_relation_size('durable.note')::int AS size`,
      );
      expect(heap.size).toBe(0);
      expect(sizes.at(-1)).toBeLessThanOrEqual(100 << 20);
    });
  });
});

async function sizeOf(directory: string): Promise<number> {
  const files = await readdir(directory);
  const sizes = await Promise.all(files.map(async file => (await stat(join(directory, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
