import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DurableClient, TerminalError } from 'nestjs-durable';
import { DurableTesting, DurableTestingModule } from 'nestjs-durable/testing';
import { AppModule } from './app.module.js';
import { Mailer } from './mailer.js';
import { OrderService } from './order.service.js';
import { PaymentGateway } from './payment.gateway.js';
import { WarehouseService } from './warehouse.service.js';

const ORDER = { orderId: 'o1', sku: 'espresso-cup', quantity: 2, amount: 4980, email: 'ada@example.com' };

/** The whole application on a database in memory: nothing has to be started, and no other system is called. */
describe('an order', () => {
  let app: INestApplication;
  let client: DurableClient;
  let testing: DurableTesting;

  beforeAll(async () => {
    const module = await Test.createTestingModule({ imports: [AppModule, DurableTestingModule] }).compile();
    app = await module.createNestApplication({ logger: false }).init();
    client = app.get(DurableClient);
    testing = app.get(DurableTesting);
  }, 60_000);

  afterAll(() => app.close());

  beforeEach(() => {
    const { steps } = testing;
    steps.override(PaymentGateway, 'charge', async ({ amount }) => ({ id: 'pay_1', amount }));
    steps.override(PaymentGateway, 'refund', async () => undefined);
    steps.override(WarehouseService, 'reserve', async () => ({ id: 'parcel_1' }));
    steps.override(Mailer, 'confirm', async () => undefined);
    // A number and a date that are the same each time: an inline step goes by its name.
    const issuedAt = new Date('2030-01-01');
    steps.override('receipt', () => ({ number: 'R-1', paymentId: 'pay_1', parcelId: 'parcel_1', issuedAt }));
  });

  afterEach(() => testing.steps.restore());

  it('is charged again while the provider is away, without a test that waits for it', async () => {
    const { clock, steps } = testing;
    steps.fail(PaymentGateway, 'charge', { times: 2 });
    const order = await client.send(OrderService).checkout(ORDER);
    await clock.advance('1m');
    expect(await order.result()).toMatchObject({ number: 'R-1', paymentId: 'pay_1' });
    expect(steps.runs(PaymentGateway, 'charge')).toHaveLength(3);
    expect(steps.runs(Mailer, 'confirm')).toHaveLength(1);
  });

  it('is paid back if there is nothing to send', async () => {
    const { clock, steps } = testing;
    steps.override(WarehouseService, 'reserve', () => {
      throw new TerminalError('espresso-cup is out of stock');
    });
    const checkout = clock.advanceUntil(client.call(OrderService).checkout(ORDER));
    await expect(checkout).rejects.toThrow('out of stock');
    expect(steps.runs(PaymentGateway, 'refund').map(({ args: [payment] }) => payment.id)).toEqual(['pay_1']);
    expect(steps.runs(Mailer, 'confirm')).toEqual([]);
  });

  it('comes to the same, wherever its process dies', async () => {
    const { result, crashes } = await testing.crashEverywhere(durable =>
      durable.call(OrderService).checkout(ORDER),
    );
    expect(result).toMatchObject({ number: 'R-1', parcelId: 'parcel_1' });
    expect(crashes).toContainEqual(expect.stringContaining('PaymentGateway.charge'));
    expect(crashes.length).toBeGreaterThan(8);
  }, 60_000);
});
