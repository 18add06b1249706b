import { SampleStage } from '../support/sample-stage.js';
import { until } from '../support/until.js';

interface Order {
  readonly status: string;
  readonly label: string | null;
}

interface Stock {
  readonly left: number;
  readonly orders: number;
}

describe('sample/10-outbox', () => {
  let stage: SampleStage;
  beforeAll(async () => {
    stage = await SampleStage.open('10-outbox', { CARRIER_DELAY: '60000' });
  }, 60_000);
  afterAll(() => stage?.close());

  const place = async (sku: string, amount: number) => stage.post('/orders', { sku, amount });
  const placed = async (amount: number): Promise<number> =>
    ((await place('chair', amount)).body as { order: number }).order;
  const is = (order: number, status: string) =>
    until(`${order} is ${status}`, async () => (await find(order)).status === status, 20_000);
  const find = (order: number) => stage.get<Order>(`/orders/${order}`);
  const stock = () => stage.get<Stock>('/stock/chair');

  it('takes what was ordered once, though the process is killed, and ships it', async () => {
    const order = await placed(2);
    await is(order, 'packed');
    await until('the carrier is asked', () => stage.printed(`of order ${order}`).length === 1);
    await stage.kill();
    await stage.restart();
    await is(order, 'shipped');
    expect((await find(order)).label).toMatch(/^label /);
    expect(await stock()).toEqual({ left: 8, orders: 1 });
  }, 60_000);

  it('neither has the order nor ships it, if it is refused after it was sent', async () => {
    expect((await place('table', 1)).status).toBe(404);
    expect(await stock()).toMatchObject({ orders: 1 });
    const order = await placed(1);
    await is(order, 'shipped');
    const asked = stage.printed('asked for a label').map(line => Number(/order (\d+)/.exec(line)?.[1]));
    expect([...new Set(asked)]).toEqual([1, order]);
  }, 120_000);

  it('never sells what is not there, however many ask at once', async () => {
    const orders = await Promise.all(Array.from({ length: 10 }, () => placed(2)));
    const isOver = async (order: number) => ['shipped', 'sold out'].includes((await find(order)).status);
    for (const order of orders) await until(`${order} is over`, () => isOver(order), 20_000);
    const ends = await Promise.all(orders.map(async order => (await find(order)).status));
    expect(ends.filter(status => status === 'shipped')).toHaveLength(3);
    expect((await stock()).left).toBe(1);
  }, 120_000);
});
