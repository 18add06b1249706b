import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answer, SampleProcess } from '../support/sample-process.js';
import { until } from '../support/until.js';

const ORDER = { sku: 'espresso-cup', quantity: 2, amount: 4980, email: 'ada@example.com' };

interface Order {
  readonly id: string;
  readonly status: string;
  readonly error?: string;
  readonly finishedAt: string | null;
  readonly receipt?: { readonly number: string };
}

describe('sample/01-order', () => {
  let directory: string;
  let app: SampleProcess;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nestjs-durable-order-'));
    app = await SampleProcess.start('01-order', directory);
  }, 60_000);

  afterAll(async () => {
    await app?.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  });

  const place = (orderId: string, changes: object = {}): Promise<Answer> =>
    app.request('POST', '/orders', { orderId, ...ORDER, ...changes });
  const idOf = ({ body }: Answer): string => (body as { id: string }).id;
  const look = async (id: string): Promise<Order> =>
    (await app.request('GET', `/orders/${id}`)).body as Order;
  const finished = async (id: string): Promise<Order> => {
    await until('the order is over', async () => (await look(id)).finishedAt !== null, 15_000);
    return look(id);
  };
  const steps = async (id: string): Promise<string[]> => {
    const { body } = await app.request('GET', `/orders/${id}/journal`);
    return (body as { name: string; outcome: string }[]).map(({ name, outcome }) => `${name} ${outcome}`);
  };

  it('accepts an order with 202 and completes it, step by step', async () => {
    const answer = await place('complete');
    expect(answer.status).toBe(202);
    const order = await finished(idOf(answer));
    expect(order.status).toBe('completed');
    expect(order.receipt?.number).toMatch(/^R-/);
    expect(await steps(order.id)).toEqual([
      'PaymentGateway.charge ok',
      'WarehouseService.reserve ok',
      'receipt ok',
      'Mailer.confirm ok',
    ]);
  });

  it('refuses a bad order with 400, and has nothing of it', async () => {
    const answer = await place('bad', { quantity: 0, email: 'ada' });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      message: ['quantity must be a positive number', 'email must be an email'],
    });
    // Nothing holds its number: the same order, put right, is accepted.
    expect((await place('bad')).status).toBe(202);
  });

  it('gives the same order the same id, and does nothing twice', async () => {
    const first = await place('twice', { email: 'twice@example.com' });
    const second = await place('twice', { email: 'twice@example.com' });
    expect(second).toEqual(first);
    await finished(idOf(first));
    expect(app.count('charge 49.80 EUR to twice@example.com')).toBe(1);
  });

  it('refuses another order under the same number with 409', async () => {
    await place('taken');
    expect((await place('taken', { quantity: 3 })).status).toBe(409);
  });

  it('refunds the payment of what is sold out, and says why the order failed', async () => {
    const order = await finished(idOf(await place('sold-out', { sku: 'sold-out' })));
    expect(order).toMatchObject({ status: 'failed', error: 'sold-out is out of stock' });
    expect(await steps(order.id)).toEqual([
      'PaymentGateway.charge ok',
      'WarehouseService.reserve error',
      'PaymentGateway.refund ok',
    ]);
  });

  it('answers 404 for an order that does not exist', async () => {
    expect((await app.request('GET', '/orders/nowhere')).status).toBe(404);
  });

  it('ends with code 0 when it is asked to stop, and goes on with the order when it is started again', async () => {
    const id = idOf(await place('stopped', { quantity: 7 }));
    await app.printed('reserve 7 x espresso-cup');
    expect(await app.kill('SIGTERM')).toBe(0);
    const before = app;
    app = await SampleProcess.start('01-order', directory);
    expect(await finished(id)).toMatchObject({ status: 'completed' });
    // The step that ran when it was asked to stop was let to its end.
    expect(before.count('reserve 7 x') + app.count('reserve 7 x')).toBe(1);
  }, 60_000);
});
