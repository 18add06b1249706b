import { Injectable } from '@nestjs/common';
import {
  DurableContext,
  DurableService,
  Handler,
  InvalidOptionError,
  Step,
  TransactionUnavailableError,
} from '../../lib/index.js';
import { SharedStage } from '../support/shared-stage.js';
import { BACKENDS, Stage } from '../support/stage.js';

@Injectable()
class Bookings {
  @Step({ transaction: true })
  async book(): Promise<void> {
    // Never run.
  }
}

@DurableService()
class Trips {
  constructor(private readonly durable: DurableContext) {}

  @Handler({ retry: { maxAttempts: 1 } })
  async inline(): Promise<unknown> {
    return this.durable.run('book', () => 'never', { transaction: true });
  }
}

describe.each(BACKENDS.slice(0, 2))("a transaction on %s, without the application's data source", backend => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await Stage.open(backend);
  });
  afterEach(() => stage.close());

  it('is refused at the start, where a step asks for it', async () => {
    const error: unknown = await stage.start({ providers: [Bookings] }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TransactionUnavailableError);
    expect((error as Error).message).toContain('@Step() Bookings.book');
    expect((error as Error).message).toContain('embeddedDriver()');
  });

  it('is no business of a process without a worker', async () => {
    await expect(stage.start({ providers: [Bookings], durable: { worker: false } })).resolves.toBeDefined();
  });

  it('fails an inline step at once, and a send that names one', async () => {
    const { client } = await stage.start({ providers: [Trips] });
    await expect(client.call(Trips).inline()).rejects.toThrow(TransactionUnavailableError);
    const transaction = { isTransactionActive: true } as never;
    await expect(client.send(Trips, { transaction }).inline()).rejects.toThrow(TransactionUnavailableError);
  });
});

describe('options of a transaction', () => {
  it.each([
    ['transaction: "yes"', 'yes'],
    ['transaction: null', null],
    ['an unknown isolation', { isolation: 'SNAPSHOT' }],
    ['an unknown option', { level: 1 }],
  ])('refuse %s', (_, transaction) => {
    class Wrong {}
    const decorate = (): void =>
      Step({ transaction } as never)(Wrong.prototype, 'book', {
        value: async () => undefined,
        configurable: true,
        writable: true,
      });
    expect(decorate).toThrow(InvalidOptionError);
    expect(decorate).toThrow('transaction');
  });

  it('of a send must be a transaction that is open, of the same data source', async () => {
    const stage = await SharedStage.open('PostgreSQL');
    try {
      const { client, dataSource } = await stage.start({ providers: [Trips] });
      const other = await stage.start({ providers: [Trips] });
      const send = (transaction: unknown) => client.send(Trips, { transaction } as never).inline();
      await expect(send(1)).rejects.toThrow(InvalidOptionError);
      await expect(send({})).rejects.toThrow('neither');
      await expect(send(dataSource.manager)).rejects.toThrow('neither');
      const runner = dataSource.createQueryRunner();
      await expect(send(runner)).rejects.toThrow('no open transaction');
      await other.dataSource.transaction(async manager => {
        await expect(send(manager)).rejects.toThrow('another DataSource');
      });
      await runner.release();
      await expect(client.call(Trips, { transaction: runner } as never).inline()).rejects.toThrow(
        'transaction',
      );
    } finally {
      await stage.close();
    }
  });
});
