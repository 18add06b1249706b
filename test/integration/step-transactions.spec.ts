import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, type QueryRunner, type Repository } from 'typeorm';
import {
  DurableContext,
  DurableService,
  Handler,
  NestedTransactionError,
  Step,
  TerminalError,
  TimeoutError,
  TransactionBrokenError,
} from '../../lib/index.js';
import { Latch } from '../support/latch.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { Booking, SHARED_BACKENDS, SharedStage, type SharedApplication } from '../support/shared-stage.js';

type Body = (here: Bookings, tries: number) => Promise<unknown>;

let body: Body;
let tries: number;

@Injectable()
class Bookings {
  constructor(
    @InjectRepository(Booking) readonly repository: Repository<Booking>,
    readonly dataSource: DataSource,
  ) {}

  /** What an application has: nothing in it knows of transactions. */
  async add(what: string): Promise<void> {
    await this.repository.save({ what });
  }

  @Step({ transaction: true, retry: { maxAttempts: 2, initialDelay: 10 } })
  async book(): Promise<unknown> {
    return body(this, ++tries);
  }

  @Step({ transaction: true, timeout: 200, retry: { maxAttempts: 1 } })
  async slow(): Promise<unknown> {
    return body(this, ++tries);
  }

  @Step({ transaction: { isolation: 'SERIALIZABLE' } })
  async strict(): Promise<unknown> {
    return body(this, ++tries);
  }

  @Step()
  async plain(): Promise<unknown> {
    return this.book();
  }
}

@DurableService()
class Trips {
  constructor(
    private readonly durable: DurableContext,
    private readonly bookings: Bookings,
  ) {}

  @Handler({ retry: { maxAttempts: 1 } })
  async book(): Promise<unknown> {
    return this.bookings.book();
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async slow(): Promise<unknown> {
    return this.bookings.slow();
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async strict(): Promise<unknown> {
    return this.bookings.strict();
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async nested(): Promise<unknown> {
    return this.bookings.plain();
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async nestedInline(): Promise<unknown> {
    return this.durable.run('outer', () =>
      this.durable.run('inner', async () => undefined, { transaction: true }),
    );
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async inline(): Promise<unknown> {
    return this.durable.run('inline', () => body(this.bookings, ++tries), {
      transaction: { isolation: 'REPEATABLE READ' },
    });
  }

  @Handler()
  async twice(): Promise<unknown> {
    const one = await this.bookings.book();
    await this.durable.sleep(1);
    return [one, await this.bookings.book()];
  }
}

const PROVIDERS = [Bookings, Trips];

/** Who is asked, in whichever way the application asks, is on the connection of the step. */
const transactionId = `select pg_current_xact_id()::text as id`;

describe.each(SHARED_BACKENDS)('a step with a transaction on %s', backend => {
  let stage: SharedStage;
  let one: SharedApplication;
  let logger: RecordingLogger;

  beforeAll(async () => {
    stage = await SharedStage.open(backend);
    logger = new RecordingLogger();
    one = await stage.start({ providers: PROVIDERS, logger });
  });
  beforeEach(async () => {
    tries = 0;
    logger.lines.length = 0;
    await one.dataSource.query('delete from booking');
  });
  afterAll(() => stage.close());

  it('commits what repositories, managers and query builders do, and its result', async () => {
    body = async ({ repository, dataSource }) => {
      await repository.save({ what: 'save' });
      await repository.insert({ what: 'insert' });
      await repository.createQueryBuilder().insert().values({ what: 'builder' }).execute();
      await dataSource.manager.query(`insert into booking (what) values ('manager.query')`);
      await dataSource.query(`insert into booking (what) values ('query')`);
      await dataSource.transaction(manager => manager.save(Booking, { what: 'savepoint' }));
      await repository.manager.transaction(async () => void (await repository.save({ what: 'unknowing' })));
      const runner = dataSource.createQueryRunner();
      await runner.startTransaction();
      await runner.manager.insert(Booking, { what: 'runner' });
      await runner.commitTransaction();
      await runner.release();
      return repository.count();
    };
    expect(await one.client.call(Trips).book()).toBe(8);
    expect(await one.booked()).toEqual([
      'save',
      'insert',
      'builder',
      'manager.query',
      'query',
      'savepoint',
      'unknowing',
      'runner',
    ]);
    expect(tries).toBe(1);
  });

  it('has one transaction for all of it, reads included', async () => {
    body = async ({ repository, dataSource }) => {
      const ids = [
        await dataSource.query<unknown>(transactionId),
        await repository.query(transactionId),
        await dataSource.transaction(manager => manager.query<unknown>(transactionId)),
        await dataSource.createQueryRunner('slave').query(transactionId),
        await dataSource
          .createQueryBuilder()
          .select('pg_current_xact_id()::text', 'id')
          .from('(select 1)', 'o')
          .getRawMany(),
      ];
      return new Set(ids.map(id => JSON.stringify(id))).size;
    };
    expect(await one.client.call(Trips).book()).toBe(1);
  });

  it('undoes what a failed try did, and records nothing of it but its failure', async () => {
    body = async ({ repository }, n) => {
      await repository.save({ what: `try ${n}` });
      if (n === 1) throw new Error('not yet');
      return n;
    };
    expect(await one.client.call(Trips).book()).toBe(2);
    expect(await one.booked()).toEqual(['try 2']);
  });

  it('undoes what a step did that failed for good', async () => {
    body = async ({ repository }) => {
      await repository.save({ what: 'gone' });
      throw new TerminalError('no');
    };
    await expect(one.client.call(Trips).book()).rejects.toThrow('no');
    expect(await one.booked()).toEqual([]);
  });

  it('is not run again on a replay', async () => {
    body = async ({ repository }, n) => {
      await repository.save({ what: `${n}` });
      return n;
    };
    expect(await one.client.call(Trips).twice()).toEqual([1, 2]);
    expect(await one.booked()).toEqual(['1', '2']);
  });

  it('may catch the failure of a savepoint, and is refused without one', async () => {
    const failing = `insert into booking (id) values (1)`;
    body = async ({ repository, dataSource }) => {
      await dataSource.transaction(manager => manager.query(failing)).catch(() => undefined);
      await repository.save({ what: 'after' });
    };
    await one.client.call(Trips).book();
    expect(await one.booked()).toEqual(['after']);

    body = async ({ dataSource, repository }) => {
      await repository.save({ what: 'lost' });
      await dataSource.query(failing).catch(() => undefined);
    };
    const error: unknown = await one.client
      .call(Trips)
      .book()
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TransactionBrokenError);
    expect((error as Error).cause).toMatchObject({ name: 'QueryFailedError' });
    expect(tries).toBe(3);
    expect(await one.booked()).toEqual(['after']);
  });

  it.each([
    ['COMMIT', ({ dataSource }: Bookings): Promise<unknown> => dataSource.query('COMMIT')],
    ['ROLLBACK', ({ dataSource }: Bookings): Promise<unknown> => dataSource.query(' rollback work')],
    [
      'a transaction left open',
      async ({ dataSource }: Bookings) => dataSource.createQueryRunner().startTransaction(),
    ],
  ])('refuses %s, and undoes all', async (_, misuse) => {
    body = async here => {
      await here.add('lost');
      await misuse(here);
    };
    await expect(one.client.call(Trips).book()).rejects.toThrow(TransactionBrokenError);
    expect(await one.booked()).toEqual([]);
  });

  it('cannot be ended through a runner that did not begin it', async () => {
    body = async ({ dataSource, repository }) => {
      const runner = dataSource.createQueryRunner();
      await repository.save({ what: 'kept' });
      await expect(runner.commitTransaction()).rejects.toThrow('not started');
      await expect(runner.rollbackTransaction()).rejects.toThrow('not started');
      return runner.isTransactionActive;
    };
    expect(await one.client.call(Trips).book()).toBe(true);
    expect(await one.booked()).toEqual(['kept']);
  });

  it('has its isolation', async () => {
    const level = `select current_setting('transaction_isolation') as level`;
    body = async ({ dataSource }) => dataSource.query(level);
    expect(await one.client.call(Trips).book()).toEqual([{ level: 'read committed' }]);
    expect(await one.client.call(Trips).strict()).toEqual([{ level: 'serializable' }]);
    expect(await one.client.call(Trips).inline()).toEqual([{ level: 'repeatable read' }]);
  });

  it('is rolled back when its time is over, and what it does later is refused', async () => {
    const latch = new Latch();
    let late: unknown;
    const ended = new Latch();
    body = async ({ repository }) => {
      await repository.save({ what: 'early' });
      await latch.wait();
      late = await repository.save({ what: 'late' }).catch((e: unknown) => e);
      ended.open();
    };
    await expect(one.client.call(Trips).slow()).rejects.toThrow(TimeoutError);
    latch.open();
    await ended.wait();
    expect(late).toMatchObject({ name: 'QueryRunnerAlreadyReleasedError' });
    expect(await one.booked()).toEqual([]);
  });

  it('gives its connection back, whatever became of it', async () => {
    body = async ({ repository }, n) => {
      await repository.save({ what: `${n}` });
      if (n % 3 === 0) throw new TerminalError('third');
      return n;
    };
    const calls = Array.from({ length: 30 }, () =>
      one.client
        .call(Trips)
        .book()
        .catch(() => 'failed'),
    );
    const results = await Promise.all(calls);
    expect(results.filter(result => result === 'failed')).toHaveLength(10);
    expect(await one.booked()).toHaveLength(20);
    const { master } = one.dataSource.driver as unknown as { master: { waitingCount?: number } };
    expect(master.waitingCount ?? 0).toBe(0);
  });

  it('is refused within another step', async () => {
    body = async () => undefined;
    await expect(one.client.call(Trips).nested()).rejects.toThrow(NestedTransactionError);
    await expect(one.client.call(Trips).nestedInline()).rejects.toThrow(NestedTransactionError);
    expect(tries).toBe(0);
  });

  it('is a plain method outside an invocation', async () => {
    body = async ({ repository }) => repository.save({ what: 'plain' });
    await one.app.get(Bookings).book();
    expect(await one.booked()).toEqual(['plain']);
  });

  // The embedded database has no second connection.
  const onServer = backend === 'embedded' ? () => undefined : it;
  onServer('says once in development what goes past the transaction', async () => {
    const early: QueryRunner = one.dataSource.createQueryRunner();
    await early.connect();
    body = async ({ dataSource }) => {
      await early.query('select 1');
      const { master } = dataSource.driver as unknown as { master: { query(sql: string): Promise<unknown> } };
      await master.query('select 1');
    };
    await one.client.call(Trips).book();
    await one.client.call(Trips).book();
    await early.release();
    const reports = logger.lines.filter(line => line.includes('goes past its transaction'));
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatch(/of the step Bookings\.book goes past/);
    expect(reports[0]).toContain('step-transactions.spec');
  });

  it('is rolled back when the application closes and does not wait for it', async () => {
    const other = await SharedStage.open(backend);
    const began = new Latch();
    const gate = new Latch();
    let late: unknown;
    const ended = new Latch();
    body = async ({ repository }) => {
      await repository.save({ what: 'early' });
      began.open();
      await gate.wait();
      late = await repository.save({ what: 'late' }).catch((e: unknown) => e);
      ended.open();
    };
    const app = await other.start({ providers: PROVIDERS, durable: { worker: { drainTimeout: 0 } } });
    await app.client.send(Trips).book();
    await began.wait();
    await other.close();
    gate.open();
    await ended.wait();
    expect(late).toBeInstanceOf(Error);
  });

  it('leaves the data source as it was when the application closes', async () => {
    const other = await SharedStage.open(backend);
    const app = await other.start({ providers: PROVIDERS });
    const { dataSource } = app;
    expect(Object.hasOwn(dataSource, 'createQueryRunner')).toBe(true);
    await other.close();
    expect(Object.hasOwn(dataSource, 'createQueryRunner')).toBe(false);
    expect(Object.hasOwn(dataSource.manager, 'transaction')).toBe(false);
  });
});
