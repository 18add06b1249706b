import { Injectable } from '@nestjs/common';
import type { EntityManager, QueryRunner } from 'typeorm';
import {
  CallInTransactionError,
  DurableClient,
  DurableContext,
  DurableEvent,
  DurableService,
  Handler,
  IdempotencyConflictError,
  type InvocationHandle,
  InvocationNotFoundError,
  OnDurableEvent,
  Step,
  VirtualObject,
} from '../../lib/index.js';
import { Recorder } from '../support/recorder.js';
import { Booking, SHARED_BACKENDS, SharedStage, type SharedApplication } from '../support/shared-stage.js';
import { until } from '../support/until.js';

@DurableEvent('booking.made')
class BookingMade {
  readonly what!: string;
}

@DurableService()
class Mails {
  constructor(
    private readonly recorder: Recorder,
    private readonly durable: DurableContext,
  ) {}

  @Handler()
  async send(to: string): Promise<string> {
    this.recorder.note(to);
    return `sent to ${to}`;
  }

  @OnDurableEvent(BookingMade)
  async announce(event: BookingMade): Promise<void> {
    this.recorder.note(`announced ${event.what}`);
  }

  @OnDurableEvent('booking.made')
  async archive(event: BookingMade): Promise<void> {
    this.recorder.note(`archived ${event.what}`);
  }

  @Handler()
  async ask(): Promise<string> {
    return this.durable.signal<string>('answer');
  }
}

@VirtualObject()
class Boxes {
  constructor(private readonly recorder: Recorder) {}

  @Handler()
  async put(what: string): Promise<string> {
    this.recorder.note(what);
    return what;
  }
}

@Injectable()
class Bookings {
  constructor(
    private readonly client: DurableClient,
    private readonly recorder: Recorder,
  ) {}

  @Step({ transaction: true, retry: { maxAttempts: 2, initialDelay: 10 } })
  async book(what: string): Promise<string> {
    this.recorder.note('book');
    const { id } = await this.client.send(Mails).send(what);
    if (this.recorder.count('book') === 1) throw new Error('once more');
    return id;
  }
}

@DurableService()
class Trips {
  constructor(private readonly bookings: Bookings) {}

  @Handler()
  async book(what: string): Promise<string> {
    return this.bookings.book(what);
  }
}

describe.each(SHARED_BACKENDS)('a send in a transaction on %s', backend => {
  let stage: SharedStage;
  let one: SharedApplication;
  let recorder: Recorder;

  beforeAll(async () => {
    stage = await SharedStage.open(backend);
    one = await stage.start({ providers: [Mails, Boxes, Bookings, Trips, Recorder] });
    recorder = one.app.get(Recorder);
  });
  beforeEach(async () => {
    recorder.events.length = 0;
    await one.dataSource.query('delete from booking');
  });
  afterAll(() => stage.close());

  const count = async (manager: EntityManager = one.dataSource.manager): Promise<number> => {
    const rows = await manager.query<unknown[]>('select 1 from durable.invocation');
    return rows.length;
  };

  it('is committed with it, and dispatched after the commit', async () => {
    const before = await count();
    const handle = await one.dataSource.transaction(async manager => {
      await manager.save(Booking, { what: 'ada' });
      const sent = await one.client.send(Mails).send('ada');
      expect(await count(manager)).toBe(before + 1);
      if (backend === 'PostgreSQL') expect(await count()).toBe(before);
      return sent;
    });
    expect(await handle.result()).toBe('sent to ada');
    expect(recorder.events).toEqual(['ada']);
  });

  // The embedded database has one session, which the transaction has.
  if (backend === 'PostgreSQL')
    it('makes others who use its key wait for it, and nobody else', async () => {
      const other = await stage.start({ providers: [Mails, Recorder], durable: { worker: false } });
      let isSent = false;
      let contested: Promise<{ id: string }> | undefined;
      let uncontested: InvocationHandle<string> | undefined;
      const handle = await one.dataSource.transaction(async () => {
        const sent = await one.client.send(Mails, { idempotencyKey: 'contested' }).send('bob');
        contested = other.client.send(Mails, { idempotencyKey: 'contested' }).send('bob');
        void contested.finally(() => (isSent = true));
        await until('it waits', async () => {
          const waiting = `wait_event_type = 'Lock' and datname = current_database()`;
          const rows = await other.dataSource.query<unknown[]>(
            `select from pg_stat_activity where ${waiting}`,
          );
          return rows.length > 0;
        });
        uncontested = await other.client.send(Mails).send('carol');
        expect(isSent).toBe(false);
        return sent;
      });
      expect((await contested)?.id).toBe(handle.id);
      expect([await handle.result(), await uncontested?.result()]).toEqual(['sent to bob', 'sent to carol']);
      await other.close();
    });

  it('is gone after a rollback', async () => {
    const before = await count();
    let sent: Awaited<ReturnType<typeof send>> | undefined;
    const send = () => one.client.send(Mails).send('ada');
    const rolledBack = one.dataSource.transaction(async manager => {
      await manager.save(Booking, { what: 'ada' });
      sent = await send();
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    await expect(sent?.result()).rejects.toThrow(InvocationNotFoundError);
    await expect(sent?.status()).rejects.toThrow(InvocationNotFoundError);
    expect(await count()).toBe(before);
    expect(recorder.events).toEqual([]);
  });

  it('of an event is one for all of its handlers: with the commit, and not after a rollback', async () => {
    const publish = (what: string, fails: boolean): Promise<readonly string[]> =>
      one.dataSource.transaction(async manager => {
        await manager.save(Booking, { what });
        const { invocations } = await one.client.publish(BookingMade, { what }, { id: what });
        if (backend === 'PostgreSQL')
          expect((await one.client.list({ handler: 'archive' })).items).toEqual([]);
        if (fails) throw new Error('no');
        return invocations;
      });
    await expect(publish('ada', true)).rejects.toThrow('no');
    const invocations = await publish('ada', false);
    expect(invocations).toHaveLength(2);
    await Promise.all(invocations.map(id => one.client.get(id).result({ timeout: '20s' })));
    expect(recorder.events.toSorted()).toEqual(['announced ada', 'archived ada']);
    const conflict = one.dataSource.transaction(() =>
      one.client.publish(BookingMade, { what: 'bob' }, { id: 'ada' }),
    );
    await expect(conflict).rejects.toThrow(IdempotencyConflictError);
  });

  it('is gone with the savepoint that it was sent in', async () => {
    const handles = await one.dataSource.transaction(async manager => {
      const kept = await one.client.send(Mails).send('kept');
      let lost: typeof kept | undefined;
      await manager
        .transaction(async () => {
          lost = await one.client.send(Mails).send('lost');
          throw new Error('no');
        })
        .catch(() => undefined);
      return { kept, lost };
    });
    expect(await handles.kept.result()).toBe('sent to kept');
    await expect(handles.lost?.result()).rejects.toThrow(InvocationNotFoundError);
  });

  it('joins a transaction that is driven by hand, if it is named', async () => {
    const runner: QueryRunner = one.dataSource.createQueryRunner();
    await runner.startTransaction();
    const lost = await one.client.send(Mails, { transaction: runner }).send('lost');
    await runner.rollbackTransaction();
    await runner.startTransaction();
    const kept = await one.client.send(Mails, { transaction: runner.manager }).send('kept');
    await runner.commitTransaction();
    await runner.release();
    expect(await kept.result()).toBe('sent to kept');
    await expect(lost.result()).rejects.toThrow(InvocationNotFoundError);
    expect(recorder.events).toEqual(['kept']);
  });

  it('is not waited for within it: call() and result() are refused', async () => {
    const handle = await one.dataSource.transaction(async () => {
      await expect(one.client.call(Mails).send('ada')).rejects.toThrow(CallInTransactionError);
      const sent = await one.client.send(Mails).send('bob');
      await expect(sent.result()).rejects.toThrow(CallInTransactionError);
      return sent;
    });
    expect(await handle.result()).toBe('sent to bob');
    expect(recorder.events).toEqual(['bob']);
  });

  it('is waited for from outside of it, until it is committed', async () => {
    const runner: QueryRunner = one.dataSource.createQueryRunner();
    await runner.startTransaction();
    const sent = await one.client.send(Mails, { transaction: runner }).send('ada');
    const result = sent.result();
    const late = sent.result({ timeout: 10 });
    await expect(late).rejects.toThrow('10 ms');
    await runner.commitTransaction();
    await runner.release();
    expect(await result).toBe('sent to ada');
  });

  it('is itself again once the transaction is over', async () => {
    let later: Promise<string> | undefined;
    let begin: () => void = () => undefined;
    const over = new Promise<void>(resolve => (begin = resolve));
    await one.dataSource.transaction(async () => {
      later = over.then(() => one.client.call(Mails).send('later'));
    });
    begin();
    expect(await later).toBe('sent to later');
  });

  it('of a key is one with that of the same key, in the same transaction and in others', async () => {
    const send = (to: string) => one.client.send(Mails, { idempotencyKey: 'k1' }).send(to);
    const [first, second] = await one.dataSource.transaction(async () => {
      const sent = [await send('ada'), await send('ada')] as const;
      await expect(send('bob')).rejects.toThrow(IdempotencyConflictError);
      return sent;
    });
    expect(first?.id).toBe(second?.id);
    await one.dataSource.transaction(async () => {
      expect((await send('ada')).id).toBe(first?.id);
      await expect(send('bob')).rejects.toThrow(IdempotencyConflictError);
    });
    expect(await first?.result()).toBe('sent to ada');
    expect(recorder.events).toEqual(['ada']);
  });

  it('brings its signal along, or neither', async () => {
    const signal = { name: 'answer', value: 'yes' };
    const handle = await one.dataSource.transaction(() => one.client.send(Mails, { signal }).ask());
    expect(await handle.result()).toBe('yes');
  });

  it('to an object locks nothing of it: others of the key run meanwhile', async () => {
    const options = { key: 'box' };
    const handle = await one.dataSource.transaction(async () => {
      const sent = await one.client.send(Boxes, options).put('second');
      if (backend === 'PostgreSQL') {
        const other = await stage.start({ providers: [Mails, Boxes, Bookings, Trips, Recorder] });
        expect(await other.client.call(Boxes, options).put('first')).toBe('first');
        await other.close();
      }
      return sent;
    });
    expect(await handle.result()).toBe('second');
  });

  it('comes after its delay', async () => {
    const handle = await one.dataSource.transaction(() => one.client.send(Mails, { delay: 30 }).send('late'));
    expect(await handle.result()).toBe('sent to late');
  });

  it('in a step belongs to the try that was committed', async () => {
    const id = await one.client.call(Trips).book('ada');
    expect(await one.client.get(id).result()).toBe('sent to ada');
    expect(recorder.events).toEqual(['book', 'book', 'ada']);
  });

  it('by another provider of the scope of nothing stays as it was', async () => {
    const handle = await one.client.send(Mails).send('plain');
    expect(await handle.result()).toBe('sent to plain');
  });
});

it('a send in a transaction is announced after the commit: nobody need look for it', async () => {
  const stage = await SharedStage.open('PostgreSQL');
  try {
    const durable = { worker: { sweepInterval: '1h' } } as const;
    const { dataSource, client } = await stage.start({ providers: [Mails, Recorder], durable });
    // The worker looks once when it begins.
    await client.call(Mails).send('first');
    const handle = await dataSource.transaction(() => client.send(Mails).send('ada'));
    expect(await handle.result({ timeout: '10s' })).toBe('sent to ada');
  } finally {
    await stage.close();
  }
});
