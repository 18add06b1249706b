import type { Redis } from 'ioredis';
import { createRedisTransport } from '../../lib/adapters/redis/redis-transport.js';
import type { RedisTiming } from '../../lib/adapters/redis/timing.js';
import { hints } from '../contract/transport.contract.js';
import { RecordingIntake } from '../support/recording-intake.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { type RedisServer, startRedis } from '../../scripts/servers.mjs';
import { blockedReads } from '../support/redis-stats.js';
import { RedisTransports } from '../support/redis-transports.js';
import type { ProxyMode } from '../support/tcp-proxy.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';

/** As with the defaults, a few times faster. */
const FAST: Partial<RedisTiming> = {
  blockMs: 300,
  overdueMs: 300,
  answerMs: 300,
  connectMs: 500,
  reconnectMs: 200,
  heartbeatMs: 300,
};

describe('when Redis fails', () => {
  let server: RedisServer;
  let transports: RedisTransports;
  let redis: Redis;
  let proxy: TcpProxy;

  beforeEach(async () => {
    server = await startRedis();
    proxy = await TcpProxy.to(server.port);
    transports = new RedisTransports(server.url);
    redis = transports.connect();
  });
  afterEach(async () => {
    await transports.clean(false);
    await proxy.close();
    await server.stop();
  });

  const reading = (): Promise<void> => until('a worker reads', async () => (await blockedReads(redis)) > 0);

  test('a server that lost everything is set up again, and the worker is told', async () => {
    const transport = await transports.open();
    const intake = new RecordingIntake(['A', 'B']);
    await intake.on(transport);
    await reading();
    await redis.flushall();
    transport.ready(hints(5, 'B'));
    await until('what came after is there', () => intake.ids.length === 5);
    await until('the loss was told', () => intake.losses > 0);
    transport.due(hints(5, 'A').map(hint => ({ ...hint, dueInMs: 20 })));
    await until('timers work too', () => intake.ids.length === 10);
  });

  test('a server that goes and comes back: one line each, announcements are dropped, work goes on', async () => {
    const transport = await transports.open({ timing: FAST });
    const intake = new RecordingIntake(['Orders']);
    const heard: string[] = [];
    await intake.on(transport);
    await transport.onNews('client', ids => heard.push(...ids));
    await server.kill();
    await until('that is noticed', () => !transport.health().connected);
    for (let i = 0; i < 20; i += 1) {
      transport.ready(hints(1));
      transport.due(hints(1).map(hint => ({ ...hint, dueInMs: 1 })));
      transport.tell('client', ['lost']);
      await new Promise(setImmediate);
    }
    await new Promise(resolve => setTimeout(resolve, 500));
    await server.restart();
    await until('that is noticed', () => transport.health().connected);
    await until('the worker was told', () => intake.losses > 0);
    await until('it listens again', async () => {
      transport.tell('client', ['after']);
      return heard.includes('after');
    });
    const after = hints(5);
    transport.ready(after);
    await until('work goes on', () => intake.ids.length === 5);
    expect(heard).not.toContain('lost');
    expect(transports.logger.warnings.filter(line => line.startsWith('Redis does not work'))).toHaveLength(1);
    expect(transports.logger.logs.filter(line => line.startsWith('Redis works again'))).toEqual([
      expect.stringContaining('60 announcements were dropped'),
    ]);
    expect(transports.logger.errors).toEqual([]);
  });

  test('a server that is away at the start fails nothing; once it is there all works', async () => {
    await server.kill();
    const start = performance.now();
    const transport = await transports.open({ timing: FAST });
    const intake = new RecordingIntake(['Orders']);
    const heard: string[] = [];
    await intake.on(transport);
    await transport.onNews('client', ids => heard.push(...ids));
    expect(performance.now() - start).toBeLessThan(1_000);
    expect(transport.health()).toEqual({ kind: 'redis', connected: false });
    transport.ready(hints(1));
    await server.restart();
    await until('the worker is told that it missed something', () => intake.losses > 0);
    await until('it listens', async () => {
      transport.ready(hints(1));
      transport.tell('client', ['a']);
      return heard.length > 0 && intake.ids.length > 0;
    });
  });

  test('a server that accepts and says nothing delays the start by the time of an answer only', async () => {
    proxy.mode = 'half-open';
    const start = performance.now();
    const transport = await transports.open({ redis: `redis://127.0.0.1:${proxy.port}` });
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(transport.health().connected).toBe(false);
  });

  test.each<ProxyMode>(['half-open', 'drop-to-client', 'drop-to-server', 'reset'])(
    'a link that becomes %s is replaced, for reads, announcements and results',
    async mode => {
      const transport = await transports.open({ redis: `redis://127.0.0.1:${proxy.port}`, timing: FAST });
      const intake = new RecordingIntake(['Orders']);
      const heard: string[] = [];
      await intake.on(transport);
      await transport.onNews('client', ids => heard.push(...ids));
      await reading();
      proxy.mode = mode;
      await until('that is noticed', () => !transport.health().connected);
      await new Promise(resolve => setTimeout(resolve, 700));
      proxy.mode = 'pass';
      await until('it is connected again', () => transport.health().connected);
      await until('the worker was told', () => intake.losses > 0);
      await until('all works again', async () => {
        transport.ready(hints(1));
        transport.tell('client', ['a']);
        await new Promise(resolve => setTimeout(resolve, 20));
        return heard.length > 0 && intake.ids.length > 0;
      });
    },
  );

  test('a blocked read on a half-open link is given up in time with the default durations', async () => {
    const transport = await transports.open({ redis: `redis://127.0.0.1:${proxy.port}` });
    const intake = new RecordingIntake(['Orders']);
    await intake.on(transport);
    await reading();
    proxy.mode = 'half-open';
    proxy.mode = 'pass';
    const start = performance.now();
    const direct = await transports.open();
    direct.ready(hints(1));
    await until('the worker reads again', () => intake.losses > 0, 10_000);
    direct.ready(hints(1));
    await until('it has the second', () => intake.ids.length > 0, 10_000);
    expect(performance.now() - start).toBeLessThan(10_000);
  }, 120_000);

  test('nothing waits, and nothing throws, while the server is silent', async () => {
    const transport = await transports.open({ redis: `redis://127.0.0.1:${proxy.port}`, timing: FAST });
    proxy.mode = 'half-open';
    const start = performance.now();
    for (let i = 0; i < 300; i += 1) transport.ready(hints(1_000));
    expect(performance.now() - start).toBeLessThan(10_000);
    await until('that is noticed', () => !transport.health().connected);
    proxy.mode = 'pass';
    await until('it is connected again', () => transport.health().connected);
  });

  test('a full server takes no announcements: said once, and over once it has room', async () => {
    const transport = await transports.open();
    const intake = new RecordingIntake(['Orders']);
    await intake.on(transport);
    const heard: string[] = [];
    await transport.onNews('client', ids => heard.push(...ids));
    await reading();
    await redis.config('SET', 'maxmemory', '1');
    for (let i = 0; i < 5; i += 1) {
      transport.ready(hints(1));
      await until('that is noticed', () => !transport.health().connected);
      transport.tell('client', [`${i}`]);
      await until('results pass', () => heard.length === i + 1);
    }
    await redis.config('SET', 'maxmemory', '0');
    await until('announcements arrive again', async () => {
      transport.ready(hints(1));
      return intake.ids.length > 0;
    });
    expect(transport.health().connected).toBe(true);
    expect(transports.logger.warnings.filter(line => line.includes('OOM'))).toHaveLength(1);
  });

  test('a worker of a process that could not announce is told, although its own reads went on', async () => {
    const transport = await transports.open();
    const intake = new RecordingIntake(['Orders']);
    await intake.on(transport);
    await reading();
    const clients = String(await redis.client('LIST')).split('\n');
    const commands = clients.find(line => line.includes('name=durable:commands')) ?? '';
    await redis.client('KILL', 'ID', Number(/id=(\d+)/.exec(commands)?.[1]));
    await until('that is noticed', () => !transport.health().connected);
    transport.ready(hints(1));
    await until('the worker was told', () => intake.losses === 1);
    expect(transport.health().connected).toBe(true);
  });

  test('scripts that the server forgot are loaded again', async () => {
    const transport = await transports.open();
    const intake = new RecordingIntake(['Orders']);
    await intake.on(transport);
    transport.ready(hints(1));
    await until('the first is there', () => intake.ids.length === 1);
    await redis.script('FLUSH');
    transport.ready(hints(1));
    await until('the second is there', () => intake.ids.length === 2);
  });

  test('stopping and closing end while the server is away', async () => {
    const transport = await transports.open({ timing: FAST });
    const consumer = await new RecordingIntake(['Orders']).on(transport);
    await transport.onNews('client', () => undefined);
    await server.kill();
    const start = performance.now();
    await consumer.stop();
    await transport.close();
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test('stopping and closing end while the server is silent', async () => {
    const transport = await transports.open({ redis: `redis://127.0.0.1:${proxy.port}`, timing: FAST });
    await new RecordingIntake(['Orders']).on(transport);
    await reading();
    proxy.mode = 'half-open';
    const start = performance.now();
    await transport.close();
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  test('closing leaves no connection', async () => {
    const clients = async (): Promise<number> =>
      String(await redis.client('LIST'))
        .trim()
        .split('\n').length;
    const before = await clients();
    const transport = await transports.open();
    await new RecordingIntake(['Orders']).on(transport);
    await transport.onNews('client', () => undefined);
    await reading();
    expect(await clients()).toBe(before + 3);
    await transport.close();
    await until('all are gone', async () => (await clients()) === before);
  });

  test.each<ProxyMode>(['pass', 'half-open', 'reset'])(
    'closing leaves no handle behind a link: %s',
    async mode => {
      const handles = (): number => process.getActiveResourcesInfo().length - 2 * proxy.links;
      await until('the test itself is connected', () => redis.status === 'ready');
      const before = handles();
      const transport = await transports.open({ redis: `redis://127.0.0.1:${proxy.port}`, timing: FAST });
      await new RecordingIntake(['Orders']).on(transport);
      await transport.onNews('client', () => undefined);
      await reading();
      expect(handles()).toBeGreaterThan(before);
      proxy.mode = mode;
      await transport.close();
      await until('nothing is left', () => handles() <= before, 1_000);
    },
  );

  test('passwords are never logged', async () => {
    const locked = await startRedis({ settings: { requirepass: 'canary-right' } });
    const logger = new RecordingLogger();
    const redisOf = (password: string): string => `redis://user-canary:${password}@127.0.0.1:${locked.port}`;
    const refused = await createRedisTransport({ redis: redisOf('canary-wrong'), logger });
    refused.ready(hints(1));
    await until('that is logged', () => logger.warnings.length > 0);
    expect(refused.health().connected).toBe(false);
    const error: unknown = await createRedisTransport({ redis: 'canary-wrong@nowhere', logger }).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: 'DURABLE_INVALID_OPTION' });
    expect(logger.everything + String(error)).not.toContain('canary');
    await refused.close();
    await locked.stop();
  });

  test('warns of a policy that evicts', async () => {
    await redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await transports.open();
    await until('it warns', () => transports.logger.warnings.length > 0);
    expect(transports.logger.warnings).toEqual([expect.stringContaining('"allkeys-lru"')]);
  });
});
