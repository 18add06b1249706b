import { jest } from '@jest/globals';
import { DurableService, Handler } from '../../lib/index.js';
import { Applications, type Running } from '../support/applications.js';
import { RedisTransports, SHARED_REDIS } from '../support/redis-transports.js';
import { until } from '../support/until.js';

@DurableService()
class Echo {
  @Handler()
  async echo(value: number): Promise<number> {
    return value;
  }
}

describe('what a call from a process that only dispatches asks the store for', () => {
  let applications: Applications;
  let redis: RedisTransports;
  let client: Running;

  beforeAll(async () => {
    applications = await Applications.open();
    redis = new RedisTransports();
    const durable = { redis: SHARED_REDIS, namespace: redis.namespace };
    const { schema } = await applications.start({ providers: [Echo], durable });
    client = await applications.start({ schema, durable: { ...durable, worker: false } });
  });
  afterAll(async () => {
    await applications.close();
    await redis.clean();
  });

  test('the outcome once, when it is told that it is there', async () => {
    const outcomes = jest.spyOn(client.backend.store, 'outcomes');
    for (let value = 0; value < 5; value++) {
      await expect(client.client.call(Echo).echo(value)).resolves.toBe(value);
    }
    // Who is not told within a while asks by himself, as on a busy machine; twice for each would be ten.
    expect(outcomes.mock.calls.length).toBeGreaterThanOrEqual(5);
    expect(outcomes.mock.calls.length).toBeLessThan(8);
  });

  test('an outcome that came before anybody asked for it is found', async () => {
    const handle = await client.client.send(Echo).echo(7);
    await until('it has ended', async () => (await handle.status()).status === 'completed');
    await expect(handle.result({ timeout: '2s' })).resolves.toBe(7);
  });
});
