import { inspect } from 'node:util';
import { DataSource } from 'typeorm';
import { v7 as uuid } from 'uuid';
import { openDataSource } from '../../lib/adapters/typeorm/data-source.js';
import { runMigrations } from '../../lib/adapters/typeorm/migrate.js';
import { ENTITIES, MIGRATIONS } from '../../lib/adapters/typeorm/schema.js';
import { TypeOrmStore } from '../../lib/adapters/typeorm/typeorm-store.js';
import { TypeOrmTransactions } from '../../lib/adapters/typeorm/typeorm-transactions.js';
import type { Batch, EntryWrite, NewInvocation } from '../../lib/ports/store.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { createScratchDatabase, type ScratchDatabase } from '../support/scratch-database.js';

const CANARY = 'canary-4711';

/** A batch holds payloads of many callers: whoever is told that it failed must not be told what it held. */
describe('S37 an error of the database', () => {
  let database: ScratchDatabase;
  let theirs: DataSource;
  let own: DataSource;
  let store: TypeOrmStore;
  let transactions: TypeOrmTransactions;

  beforeAll(async () => {
    database = await createScratchDatabase();
    theirs = await new DataSource({ type: 'postgres', url: database.url }).initialize();
    own = await openDataSource(theirs, {
      schema: 'durable',
      entities: ENTITIES,
      migrations: MIGRATIONS,
      logger: new RecordingLogger(),
    });
    await runMigrations(own, 'durable');
    // The server's answer has the whole row then.
    await own.query(
      `alter table durable.invocation add constraint refused check (input not like '%${CANARY}%')`,
    );
    await own.query(`alter table durable.entry add constraint refused check (value not like '%${CANARY}%')`);
    store = new TypeOrmStore(own, { poisonError: () => '{}' });
    transactions = new TypeOrmTransactions(theirs, { own, escapes: undefined });
  });
  afterAll(async () => {
    transactions.close();
    await own.destroy();
    await theirs.destroy();
    await database.drop();
  });

  const invocation = (over: Partial<NewInvocation>): NewInvocation => ({
    ...{
      id: uuid(),
      service: 'S',
      handler: 'h',
      input: '[]',
      origin: 'o',
      delayMs: 0,
      deadline: null,
      at: null,
    },
    ...{ owner: null, parent: null, object: null, exclusive: false },
    ...over,
  });
  const batch = (...accepts: NewInvocation[]): Batch => ({
    accepts,
    entries: [],
    transitions: [],
    arrivals: [],
  });
  const refused = (): Batch =>
    batch(invocation({ input: `["${CANARY} of one"]` }), invocation({ input: `["${CANARY} of another"]` }));

  const errorOf = async (asked: Promise<unknown>): Promise<unknown> => {
    const error = await asked.then(
      () => new Error('it was done'),
      (e: unknown) => e,
    );
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(CANARY);
    return error;
  };
  const CHECK = {
    code: '23514',
    driverError: { code: '23514' },
    message: expect.stringContaining('"refused"') as string,
  };

  test('of a group commit has nothing of what was to be written, and says what is wrong', async () => {
    expect(await errorOf(store.commit(refused()))).toMatchObject(CHECK);
  });

  test('of a transaction of the library neither', async () => {
    const asked = own.transaction(manager => {
      const { text, values } = { text: 'select $1::int', values: [CANARY.length, CANARY] };
      return manager.query(text, values);
    });
    expect(await errorOf(asked)).toMatchObject({ code: '08P01' });
  });

  test('of what joins a transaction of the application neither', async () => {
    const runner = theirs.createQueryRunner();
    await runner.startTransaction();
    try {
      expect(await errorOf(transactions.of(runner).write(refused()))).toMatchObject(CHECK);
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  });

  test('of the entry of a step with a transaction neither', async () => {
    const [accept, worker] = [invocation({ owner: 'w' }), { id: 'w', host: 'h', pid: 1, services: ['S'] }];
    await store.register(worker, 60_000);
    await store.commit(batch(accept));
    const entry: EntryWrite = {
      ...{ lease: { invocationId: accept.id, epoch: 1 }, index: 0, kind: 'step', name: 's', calledAfter: 0 },
      ...{ seq: null, outcome: 'ok', value: `"${CANARY}"`, tries: 1, dueInMs: null, durationMs: null },
    };
    const step = { name: 's', isolation: undefined, idleMs: undefined, reach: undefined };
    const end = await transactions.run({ ...step, body: () => Promise.resolve(entry) });
    expect(end).toMatchObject({ kind: 'failed', error: CHECK });
    await errorOf(Promise.reject((end as { readonly error: Error }).error));
  });
});
