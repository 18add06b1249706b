import type { INestApplication, ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DurableClient, DurableModule } from '../../lib/index.js';
import { DurableTesting, DurableTestingModule } from '../../lib/testing/index.js';
import { ledger, type Order, OrderService, PaymentGateway, Reports, Warehouse } from './shop.js';

const START = new Date('2026-03-01T10:30:00.000Z');
const HOUR = 3_600_000;
const ORDER: Order = { id: 'o1', sku: 'book', euros: 20 };

const after = (ms: number): string => new Date(START.getTime() + ms).toISOString();

describe('the tools for tests', () => {
  let app: INestApplication;
  let client: DurableClient;
  let tools: DurableTesting;

  const start = async (definition: ModuleMetadata = {}): Promise<void> => {
    const module = await Test.createTestingModule({
      imports: [DurableModule.forRoot(), DurableTestingModule.forRoot({ now: START, idleLimit: '20s' })],
      providers: [OrderService, PaymentGateway, Warehouse],
      ...definition,
    }).compile();
    app = module.createNestApplication({ logger: false });
    await app.init();
    client = app.get(DurableClient);
    tools = app.get(DurableTesting);
  };

  beforeEach(() => {
    ledger.length = 0;
    Reports.slots.length = 0;
  });
  afterEach(() => app.close());

  describe('the clock', () => {
    it('stands still until it is moved, and has a timer at its time: not a millisecond early', async () => {
      await start();
      const order = await client.send(OrderService).checkout(ORDER);
      await tools.clock.advance(2 * HOUR - 1);
      expect(await order.status()).toMatchObject({ status: 'suspended' });
      expect(tools.clock.now().toISOString()).toBe(after(2 * HOUR - 1));
      await tools.clock.advance(1);
      expect(await order.status()).toMatchObject({ status: 'completed', createdAt: START });
      expect(await order.result()).toBe(`payment-o1 at ${after(2 * HOUR)}`);
    });

    it('passes the waits between the tries of a step', async () => {
      await start();
      tools.steps.fail(PaymentGateway, 'charge', { times: 2 });
      const order = await client.send(OrderService).checkout(ORDER);
      await tools.clock.advance('1m');
      expect(tools.steps.runs(PaymentGateway, 'charge').map(({ attempt }) => attempt)).toEqual([1, 2]);
      await tools.clock.advance('1m');
      expect(ledger).toEqual(['charge o1']);
      await tools.clock.advance('2h');
      expect(await order.result()).toBe(`payment-o1 at ${after(2 * HOUR + 120_000)}`);
    });

    it('goes over what is due in order: each slot of a schedule at its own time', async () => {
      await start({ providers: [Reports] });
      await tools.clock.advance('1d');
      const slots = Array.from({ length: 24 }, (_, hour) => after(HOUR / 2 + hour * HOUR));
      expect(Reports.slots).toEqual(slots.map(slot => [slot, slot]));
      expect(tools.clock.now().toISOString()).toBe(after(24 * HOUR));
    });

    it('passes the timeout of a wait, and lets a signal that comes before it win', async () => {
      await start();
      const one = await client.send(OrderService).approval(ORDER);
      const other = await client.send(OrderService).approval({ ...ORDER, id: 'o2' });
      await tools.clock.advance('23h');
      await client.signal(one.id, 'approve', 'Ada');
      await tools.idle();
      expect(await one.result()).toBe(`o1: Ada at ${after(23 * HOUR)}`);
      await tools.clock.advanceTo(new Date(after(30 * HOUR)));
      expect(await other.result()).toBe(`o2: nobody at ${after(24 * HOUR)}`);
      await expect(tools.clock.advanceTo(START)).rejects.toThrow(RangeError);
    });

    it('passes delays and deadlines', async () => {
      await start();
      const delayed = await client.send(Warehouse, { key: 'pen', delay: '3h' }).stock(7);
      const late = await client.send(OrderService, { deadline: '90m' }).forEver();
      await tools.clock.advance('89m');
      expect(await late.status()).toMatchObject({ status: 'suspended' });
      await tools.clock.advance('1m');
      expect(await late.status()).toMatchObject({
        status: 'failed',
        finishedAt: new Date(after(1.5 * HOUR)),
      });
      await tools.clock.advance('1h');
      expect(await client.call(Warehouse, { key: 'pen' }).available()).toBe(0);
      await tools.clock.advance('30m');
      expect(await delayed.status()).toMatchObject({ status: 'completed' });
      expect(await client.call(Warehouse, { key: 'pen' }).available()).toBe(7);
    });

    it('passes the timeout of a step that runs, if it is told to', async () => {
      await start();
      tools.steps.override(PaymentGateway, 'capture', () => new Promise(() => undefined));
      const capture = await client.send(OrderService).capture('p1');
      await tools.clock.advance('29s', { whileStepsRun: true });
      expect(await capture.status()).toMatchObject({ status: 'running' });
      await tools.clock.advance('1s', { whileStepsRun: true });
      await tools.idle();
      expect(await capture.status()).toMatchObject({ error: { name: 'TimeoutError' } });
    });

    it('goes from one due time to the next until a promise is settled', async () => {
      await start();
      tools.steps.fail(PaymentGateway, 'charge');
      const result = await tools.clock.advanceUntil(client.call(OrderService).checkout(ORDER));
      expect(result).toBe(`payment-o1 at ${after(2 * HOUR + 60_000)}`);
    });

    it('lets a test signal on the way, and says what is missing if nobody does', async () => {
      await start({
        imports: [DurableModule.forRoot(), DurableTestingModule.forRoot({ idleLimit: '2s' })],
      });
      const approve = async (): Promise<string> => {
        const order = await client.send(OrderService).approval(ORDER);
        await tools.idle();
        await client.signal(order.id, 'approve', 'Ada');
        return order.result();
      };
      expect(await tools.clock.advanceUntil(approve())).toMatch(/^o1: Ada/);
      const never = tools.clock.advanceUntil(client.call(OrderService).forEver());
      await expect(never).rejects.toThrow(/signal, or the completion[\s\S]*OrderService.forEver/);
    });
  });

  describe('idle()', () => {
    it('resolves once everything is over or waits, and says what runs if it does not come to rest', async () => {
      await start({
        imports: [DurableModule.forRoot(), DurableTestingModule.forRoot({ idleLimit: '2s' })],
      });
      void client.send(OrderService).capture('p1');
      await tools.idle();
      expect(ledger).toEqual(['capture p1']);
      tools.steps.override(PaymentGateway, 'capture', () => new Promise(() => undefined));
      void client.send(OrderService).capture('p2');
      await expect(tools.idle()).rejects.toThrow(
        /OrderService\.capture \(.*\): in step PaymentGateway\.capture/,
      );
    });
  });

  describe('steps', () => {
    it('have other bodies, journaled and retried as theirs', async () => {
      await start();
      tools.steps.override(PaymentGateway, 'charge', async order => ({ id: `fake-${order.euros}` }));
      tools.steps.override('receipt', () => 'printed');
      tools.steps.fail('PaymentGateway.charge', { times: 1, error: new Error('503') });
      const order = await client.send(OrderService).checkout(ORDER);
      await tools.clock.advance('3h');
      expect(await order.result()).toBe('printed');
      expect(ledger).toEqual([]);
      const journal = await client.journal(order.id);
      expect(journal.find(({ kind }) => kind === 'step')).toMatchObject({
        name: 'PaymentGateway.charge',
        value: { id: 'fake-20' },
        failedTries: 1,
      });
      const [first, second] = tools.steps.runs(PaymentGateway, 'charge');
      expect([first?.args, second?.args]).toEqual([[ORDER], [ORDER]]);
      expect(tools.steps.runs().map(({ step }) => step)).toEqual([
        'PaymentGateway.charge',
        'PaymentGateway.charge',
        'receipt',
      ]);
      tools.steps.restore();
      expect(await tools.clock.advanceUntil(client.call(OrderService).capture('p1'))).toBe('captured p1');
    });

    it('are undone as they are written to be, or otherwise', async () => {
      await start();
      const checkout = (): Promise<string> =>
        tools.clock.advanceUntil(client.call(OrderService).checkout({ ...ORDER, sku: 'rare' }));
      await expect(checkout()).rejects.toThrow('out of stock');
      expect(ledger).toEqual(['charge o1', 'refund o1']);
      tools.steps.override(PaymentGateway, 'refund', async order => void ledger.push(`voucher ${order.id}`));
      await expect(checkout()).rejects.toThrow('out of stock');
      expect(ledger.at(-1)).toBe('voucher o1');
    });

    it('are those that there are', async () => {
      await start();
      const wrong = (): void => tools.steps.override(OrderService, 'checkout', async () => '');
      expect(wrong).toThrow('OrderService.checkout is not a step');
    });
  });

  describe('the module', () => {
    it('takes the place of servers, whatever the application says, and of nothing else', async () => {
      const servers = { postgres: 'postgres://nowhere.invalid/app', redis: 'redis://nowhere.invalid' };
      await start({
        imports: [
          DurableModule.forRootAsync({ useFactory: () => ({ ...servers, steps: { timeout: '1m' } }) }),
          DurableTestingModule,
        ],
      });
      expect(await client.call(OrderService).capture('p1')).toBe('captured p1');
    });

    it('leaves overrides of providers to Nest', async () => {
      const fake = {
        charge: async () => ({ id: 'fake' }),
        capture: async (id: string) => `fake ${id}`,
        refund: async () => undefined,
      };
      const module = await Test.createTestingModule({
        imports: [DurableModule.forRoot(), DurableTestingModule],
        providers: [OrderService, PaymentGateway, Warehouse],
      })
        .overrideProvider(PaymentGateway)
        .useValue(fake)
        .compile();
      app = module.createNestApplication({ logger: false });
      await app.init();
      await expect(app.get(DurableClient).call(OrderService).capture('p1')).resolves.toBe('fake p1');
    });
  });
});
