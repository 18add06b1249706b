import { DurableContext, DurableService, Handler } from '../../lib/index.js';
import { type RedisServer, startRedis } from '../../scripts/servers.mjs';
import { RedisTransports } from '../support/redis-transports.js';
import { Stage, type Staged } from '../support/stage.js';
import { until } from '../support/until.js';

@DurableService()
class Mails {
  constructor(private readonly durable: DurableContext) {}

  @Handler()
  async send(to: number): Promise<number> {
    const sent = await this.durable.run('send', () => to);
    await this.durable.sleep(5);
    return sent + (await this.durable.signal<number>('read'));
  }
}

describe('S10 a Redis that is full', () => {
  let server: RedisServer;
  let stage: Stage;
  let worker: Staged;
  let sender: Staged;

  beforeAll(async () => {
    server = await startRedis({ settings: { 'maxmemory-policy': 'noeviction' } });
    stage = await Stage.open('PostgreSQL');
    worker = await stage.start({ providers: [Mails], durable: { redis: server.url } });
    sender = await stage.start({ providers: [Mails], durable: { redis: server.url, worker: false } });
  });
  afterAll(async () => {
    await stage.close();
    await server.stop();
  });

  const healthy = (): boolean =>
    [worker, sender].every(({ backend }) => backend.transport.health().connected);

  async function sendAndRead(from: number): Promise<number[]> {
    const numbers = Array.from({ length: 20 }, (_, n) => from + n);
    const handles = await Promise.all(numbers.map(n => sender.client.send(Mails).send(n)));
    await Promise.all(handles.map(({ id }, n) => sender.client.signal(id, 'read', numbers[n])));
    return Promise.all(handles.map(handle => handle.result()));
  }

  test('refuses announcements, and nothing else is worse than late; with room it is used again', async () => {
    const redis = new RedisTransports(server.url);
    const admin = redis.connect();
    await admin.config('SET', 'maxmemory', '1');
    expect(await sendAndRead(0)).toEqual(Array.from({ length: 20 }, (_, n) => 2 * n));
    await until('that shows', () => !healthy());
    expect(await sendAndRead(100)).toEqual(Array.from({ length: 20 }, (_, n) => 2 * (100 + n)));
    await admin.config('SET', 'maxmemory', '0');
    await until(
      'it is used again',
      async () => {
        await sendAndRead(200);
        return healthy();
      },
      10_000,
    );
    await redis.clean(false);
  }, 60_000);
});

describe('S10 a managed Redis', () => {
  test('that forbids CONFIG is used, and its policy of eviction is known all the same', async () => {
    const server = await startRedis({ settings: { 'maxmemory-policy': 'allkeys-lru' } });
    const owner = new RedisTransports(server.url);
    await owner.connect().call('ACL', 'SETUSER', 'tenant', 'on', '>secret', '~*', '&*', '+@all', '-config');
    const tenant = new RedisTransports(server.url.replace('//', '//tenant:secret@'));
    const transport = await tenant.open();
    await until('it is connected', () => transport.health().connected);
    await until('it is said', () => tenant.logger.warnings.length > 0);
    expect(tenant.logger.warnings).toEqual([expect.stringContaining('"allkeys-lru"')]);
    await tenant.clean(false);
    await owner.clean(false);
    await server.stop();
  });
});
