import { randomUUID } from 'node:crypto';
import type { DueHint, Hint } from '../../lib/ports/store.js';
import type { Transport } from '../../lib/ports/transport.js';
import { RecordingIntake, latch } from '../support/recording-intake.js';
import { until } from '../support/until.js';

/** How a suite gets at transports: each test has a namespace of its own; `another` is a second process in it. */
export interface TransportHarness {
  open(): Promise<Transport>;
  /** A second process on the same server; the same transport where there is but one process. */
  another(first: Transport): Promise<Transport>;
  /** Closes what was opened, and checks that nothing is left. */
  clean(): Promise<void>;
  /** The latest that a timer may fire, in milliseconds after it is due. */
  readonly latenessMs: number;
}

const SERVICE = 'Orders';

/** `count` hints for one service. */
export function hints(count: number, service = SERVICE): Hint[] {
  return Array.from({ length: count }, () => ({ id: randomUUID(), service }));
}

/** The ids of hints. */
export function idsOf(some: readonly Hint[]): string[] {
  return some.map(({ id }) => id);
}

/** What every transport keeps to (`lib/ports/transport.ts`). */
export function transportContract(name: string, harness: TransportHarness): void {
  describe(`${name}: what is ready`, () => {
    let transport: Transport;
    beforeEach(async () => void (transport = await harness.open()));
    afterEach(() => harness.clean());

    test('reaches a worker that has the service, once', async () => {
      const intake = new RecordingIntake([SERVICE]);
      await intake.on(transport);
      const announced = hints(50);
      transport.ready(announced);
      await until('all ids are there', () => intake.ids.length >= 50);
      expect(intake.ids.sort()).toEqual(idsOf(announced).sort());
    });

    test('reaches a worker that starts after it was announced', async () => {
      const announced = hints(10);
      transport.ready(announced);
      const intake = new RecordingIntake([SERVICE]);
      await intake.on(transport);
      await until('all ids are there', () => intake.ids.length >= 10);
      expect(intake.ids.sort()).toEqual(idsOf(announced).sort());
    });

    test('does not reach a worker that lacks the service', async () => {
      const orders = new RecordingIntake(['Orders', 'Payments']);
      const mails = new RecordingIntake(['Mails']);
      await orders.on(transport);
      await mails.on(await harness.another(transport));
      const [order, payment, mail] = [hints(5, 'Orders'), hints(5, 'Payments'), hints(5, 'Mails')];
      transport.ready([...order, ...payment, ...mail]);
      await until('both have theirs', () => orders.ids.length + mails.ids.length >= 15);
      expect(orders.ids.sort()).toEqual(idsOf([...order, ...payment]).sort());
      expect(mails.ids.sort()).toEqual(idsOf(mail).sort());
    });

    test('comes in batches', async () => {
      const intake = new RecordingIntake([SERVICE]);
      await intake.on(transport);
      for (const hint of hints(100)) transport.ready([hint]);
      await until('all ids are there', () => intake.ids.length >= 100);
      expect(intake.batches.length).toBeLessThan(10);
    });

    test('is shared by two workers: each of 10,000 ids once', async () => {
      const [one, two] = [new RecordingIntake([SERVICE], 200), new RecordingIntake([SERVICE], 200)];
      const other = await harness.another(transport);
      await one.on(transport);
      await two.on(other);
      const [mine, theirs] = [hints(5_000), hints(5_000)];
      transport.ready(mine);
      other.ready(theirs);
      await until('all ids are there', () => one.ids.length + two.ids.length >= 10_000, 15_000);
      expect([...one.ids, ...two.ids].sort()).toEqual(idsOf([...mine, ...theirs]).sort());
      expect(Math.max(one.excess, two.excess)).toBe(0);
    });
  });

  describe(`${name}: capacity`, () => {
    let transport: Transport;
    beforeEach(async () => void (transport = await harness.open()));
    afterEach(() => harness.clean());

    test('a worker is never given more than it would take, whatever the number of its services', async () => {
      const services = ['A', 'B', 'C', 'D'];
      const intake = new RecordingIntake(services, 3);
      const release: (() => void)[] = [];
      intake.onTake = () => new Promise(resolve => release.push(resolve));
      const consumer = await intake.on(transport);
      transport.ready(services.flatMap(service => hints(10, service)));
      while (intake.ids.length < 40) {
        await until('a take is under way', () => release.length > 0 || intake.ids.length === 40);
        release.shift()?.();
        await new Promise(setImmediate);
        consumer.resume();
      }
      expect(intake.excess).toBe(0);
      for (const open of release) open();
      expect(new Set(intake.ids).size).toBe(40);
    });

    test('without capacity nothing is brought until the worker resumes, and nobody asks all the time', async () => {
      const intake = new RecordingIntake([SERVICE], 0);
      const consumer = await intake.on(transport);
      const other = new RecordingIntake(['Other']);
      await other.on(await harness.another(transport));
      transport.ready(hints(20));
      transport.ready(hints(1, 'Other'));
      await until('another worker has its own', () => other.ids.length === 1);
      expect(intake.ids).toEqual([]);
      const asked = intake.asked;
      await new Promise(resolve => setTimeout(resolve, 300));
      expect(intake.asked - asked).toBeLessThan(20);
      intake.limit = 100;
      consumer.resume();
      await until('they are there', () => intake.ids.length === 20);
    });

    test('more is brought while a take is under way', async () => {
      const intake = new RecordingIntake([SERVICE], 100);
      const held = latch();
      intake.onTake = held.wait;
      await intake.on(transport);
      transport.ready(hints(1));
      await until('the first take is under way', () => intake.batches.length === 1);
      transport.ready(hints(1));
      await until('the second take is under way', () => intake.batches.length === 2);
      held.open();
    });
  });

  describe(`${name}: what is due`, () => {
    let transport: Transport;
    beforeEach(async () => void (transport = await harness.open()));
    afterEach(() => harness.clean());

    test('comes when it is due, never before, in order and hardly late', async () => {
      const intake = new RecordingIntake([SERVICE]);
      await intake.on(transport);
      const timers: DueHint[] = [400, 100, 250, 550].map(dueInMs => ({ ...hints(1)[0]!, dueInMs }));
      // Whoever looks after timers has nothing to do by now, and must be woken.
      await new Promise(resolve => setTimeout(resolve, 150));
      const start = performance.now();
      transport.due(timers);
      await until('all ids are there', () => intake.ids.length === 4);
      const ordered = [...timers].sort((a, b) => a.dueInMs - b.dueInMs);
      expect(intake.ids).toEqual(idsOf(ordered));
      for (const { id, dueInMs } of timers) {
        const late = intake.receivedAt.get(id)! - start - dueInMs;
        expect(late).toBeGreaterThanOrEqual(-1.5);
        expect(late).toBeLessThan(harness.latenessMs);
      }
    });

    test('what was due before it was announced comes at once', async () => {
      const intake = new RecordingIntake([SERVICE]);
      await intake.on(transport);
      transport.due(hints(3).map(hint => ({ ...hint, dueInMs: -5 })));
      transport.due(hints(3).map(hint => ({ ...hint, dueInMs: 0 })));
      await until('all ids are there', () => intake.ids.length === 6, 1_000);
    });

    test('a thousand timers of the same moment all come', async () => {
      const intake = new RecordingIntake([SERVICE]);
      await intake.on(transport);
      transport.due(hints(1_000).map(hint => ({ ...hint, dueInMs: 50 })));
      await until('all ids are there', () => intake.ids.length === 1_000);
      expect(new Set(intake.ids).size).toBe(1_000);
    });

    test('what is due in a year does not come', async () => {
      const intake = new RecordingIntake([SERVICE]);
      await intake.on(transport);
      transport.due(hints(1).map(hint => ({ ...hint, dueInMs: 365 * 86_400_000 })));
      transport.due(hints(1).map(hint => ({ ...hint, dueInMs: 60 })));
      await until('the other one is there', () => intake.ids.length > 0);
      expect(intake.ids).toHaveLength(1);
    });
  });

  describe(`${name}: what is finished`, () => {
    let transport: Transport;
    beforeEach(async () => void (transport = await harness.open()));
    afterEach(() => harness.clean());

    test('every listener of the origin hears it, others do not', async () => {
      const heard: Record<string, string[]> = { one: [], two: [], other: [] };
      await transport.onNews('client-1', ids => heard.one?.push(...ids));
      await transport.onNews('client-1', ids => heard.two?.push(...ids));
      await transport.onNews('client-2', ids => heard.other?.push(...ids));
      const announcer = await harness.another(transport);
      announcer.tell('client-1', ['a', 'b']);
      announcer.tell('client-2', ['c']);
      announcer.tell('nobody', ['d']);
      await until('all heard it', () => Object.values(heard).flat().length === 5);
      expect(heard).toEqual({ one: ['a', 'b'], two: ['a', 'b'], other: ['c'] });
    });

    test('a listener that was removed hears nothing more, the others do', async () => {
      const heard: Record<string, string[]> = { gone: [], stays: [] };
      const remove = await transport.onNews('client-1', ids => heard.gone?.push(...ids));
      await transport.onNews('client-1', ids => heard.stays?.push(...ids));
      await remove();
      await remove();
      transport.tell('client-1', ['a']);
      await until('one heard it', () => heard.stays?.length === 1);
      expect(heard.gone).toEqual([]);
    });

    test('an origin can be listened to again', async () => {
      const heard: string[] = [];
      await (
        await transport.onNews('client-1', () => undefined)
      )();
      await transport.onNews('client-1', ids => heard.push(...ids));
      transport.tell('client-1', ['a']);
      await until('it is heard', () => heard.length === 1);
    });

    test('ids of one turn come together', async () => {
      const heard: number[] = [];
      await transport.onNews('client-1', ids => heard.push(ids.length));
      for (let i = 0; i < 100; i += 1) transport.tell('client-1', [`id-${i}`]);
      await until('all are heard', () => heard.reduce((sum, count) => sum + count, 0) === 100);
      expect(heard.length).toBeLessThan(5);
    });

    test('a listener that throws disturbs nobody', async () => {
      const heard: string[] = [];
      await transport.onNews('client-1', () => {
        throw new Error('mine');
      });
      await transport.onNews('client-1', ids => heard.push(...ids));
      transport.tell('client-1', ['a']);
      await until('the other heard it', () => heard.length === 1);
    });
  });

  describe(`${name}: stopping`, () => {
    let transport: Transport;
    beforeEach(async () => void (transport = await harness.open()));
    afterEach(() => harness.clean());

    test('a consumer that stops waits for its takes and brings nothing more; another gets what is left', async () => {
      const [first, second] = [new RecordingIntake([SERVICE], 5), new RecordingIntake([SERVICE])];
      const held = latch();
      first.onTake = held.wait;
      const consumer = await first.on(transport);
      const announced = hints(20);
      transport.ready(announced);
      await until('the first has taken what it can', () => first.ids.length === 5);
      let stopped = false;
      const stopping = consumer.stop().then(() => (stopped = true));
      await new Promise(resolve => setTimeout(resolve, 50));
      expect(stopped).toBe(false);
      held.open();
      await stopping;
      await consumer.stop();
      await second.on(await harness.another(transport));
      transport.ready(hints(1));
      await until('the second has the rest', () => second.ids.length === 16);
      expect(first.ids).toHaveLength(5);
      expect([...first.ids, ...second.ids]).toEqual(expect.arrayContaining(idsOf(announced)));
    });

    test('a take that fails ends neither the consumer nor the process', async () => {
      const intake = new RecordingIntake([SERVICE]);
      intake.onTake = async () => {
        intake.onTake = async () => undefined;
        throw new Error('mine');
      };
      await intake.on(transport);
      transport.ready(hints(1));
      await until('the first is there', () => intake.ids.length === 1);
      transport.ready(hints(1));
      await until('the second is there', () => intake.ids.length === 2);
    });

    test('closing is idempotent; announcements after it do nothing, and do not throw', async () => {
      const intake = new RecordingIntake([SERVICE]);
      await intake.on(transport);
      await Promise.all([transport.close(), transport.close()]);
      transport.ready(hints(1));
      transport.due(hints(1).map(hint => ({ ...hint, dueInMs: 1 })));
      transport.tell('client-1', ['a']);
      await transport.close();
      expect(intake.ids).toEqual([]);
      expect(transport.health().connected).toBe(false);
      await expect(intake.on(transport)).rejects.toMatchObject({ code: 'DURABLE_TRANSPORT_CLOSED' });
      await expect(transport.onNews('c', () => undefined)).rejects.toMatchObject({
        code: 'DURABLE_TRANSPORT_CLOSED',
      });
    });

    test('health tells that it is connected', () => {
      expect(transport.health().connected).toBe(true);
    });
  });
}
