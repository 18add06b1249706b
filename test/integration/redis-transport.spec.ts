import { Redis } from 'ioredis';
import { hints, transportContract } from '../contract/transport.contract.js';
import { RecordingIntake, latch } from '../support/recording-intake.js';
import { RedisTransports, SHARED_REDIS } from '../support/redis-transports.js';
import { until } from '../support/until.js';

let transports: RedisTransports;

transportContract('redis', {
  open: async () => {
    transports = new RedisTransports();
    return transports.open();
  },
  another: async () => transports.open(),
  clean: async () => {
    await transports.clean();
    expect(transports.logger.warnings).toEqual([]);
  },
  latenessMs: 1_000,
});

describe('the Redis transport', () => {
  let redis: Redis;
  beforeEach(() => {
    transports = new RedisTransports();
    redis = transports.connect();
  });
  afterEach(() => transports.clean());

  async function consumersOf(service: string): Promise<string[]> {
    const found = (await redis.xinfo('CONSUMERS', transports.streamOf(service), 'workers')) as string[][];
    return found.map(fields => fields[fields.indexOf('name') + 1] ?? '');
  }

  test('streams and pending entries are empty once the ids were taken', async () => {
    const transport = await transports.open();
    const intake = new RecordingIntake(['A', 'B']);
    await intake.on(transport);
    transport.ready([...hints(100, 'A'), ...hints(100, 'B')]);
    await until('all ids are there', () => intake.ids.length === 200);
    for (const service of ['A', 'B']) {
      const stream = transports.streamOf(service);
      await until('the stream is empty', async () => (await redis.xlen(stream)) === 0);
      expect((await redis.xpending(stream, 'workers'))[0]).toBe(0);
    }
  });

  test('what this worker still takes is not handed to it again, however long that lasts', async () => {
    const transport = await transports.open({ timing: { rescueMs: 2 } });
    const intake = new RecordingIntake(['Orders']);
    for (let round = 1; round <= 20; round += 1) {
      const held = latch();
      intake.onTake = held.wait;
      if (round === 1) await intake.on(transport);
      transport.ready(hints(3));
      await until('the take is under way', () => intake.ids.length === 3 * round);
      await new Promise(resolve => setTimeout(resolve, 20));
      held.open();
      await until('the stream is empty', async () => (await redis.xlen(transports.streamOf('Orders'))) === 0);
    }
    expect(intake.batches).toHaveLength(20);
  });

  test('an idle consumer is removed unless something is pending there; a worker that lives reads on', async () => {
    const stream = transports.streamOf('Orders');
    await redis.xgroup('CREATE', stream, 'workers', '0', 'MKSTREAM');
    await redis.xadd(stream, '*', 'id', 'one');
    await redis.xreadgroup('GROUP', 'workers', 'has-pending', 'COUNT', 1, 'STREAMS', stream, '>');
    await redis.xgroup('CREATECONSUMER', stream, 'workers', 'empty');
    const intake = new RecordingIntake(['Orders']);
    const transport = await transports.open({ timing: { reapMs: 30, reapIdleMs: 100 } });
    await intake.on(transport);
    transport.ready(hints(1));
    await until('both are removed', async () => (await consumersOf('Orders')).join() === 'has-pending');
    transport.ready(hints(1));
    await until('the worker has what came after', () => intake.ids.length === 2);
    expect(await consumersOf('Orders')).toContain('has-pending');
  });

  test('a consumer that stops leaves no consumer behind', async () => {
    const transport = await transports.open();
    const intake = new RecordingIntake(['Orders']);
    const consumer = await intake.on(transport);
    transport.ready(hints(1));
    await until('it is there', () => intake.ids.length === 1);
    expect(await consumersOf('Orders')).toEqual([intake.workerId]);
    await consumer.stop();
    expect(await consumersOf('Orders')).toEqual([]);
  });

  test('what a stopping worker had read and not taken goes to another at once', async () => {
    const transport = await transports.open();
    const intake = new RecordingIntake(['A', 'B', 'C', 'D'], 1);
    let open: () => void = () => undefined;
    intake.onTake = () => new Promise<void>(resolve => (open = resolve));
    transport.ready(['A', 'B', 'C', 'D'].flatMap(service => hints(1, service)));
    await until('the streams are there', async () => (await redis.xlen(transports.streamOf('D'))) === 1);
    const consumer = await intake.on(transport);
    await until('it has read them', () => intake.ids.length === 1);
    const stopping = consumer.stop();
    const other = new RecordingIntake(['A', 'B', 'C', 'D']);
    await other.on(await transports.open());
    await until('the other has the rest', () => other.ids.length === 3, 2_000);
    open();
    await stopping;
    expect(new Set([...intake.ids, ...other.ids]).size).toBe(4);
  });

  test('the earliest of two times of one invocation counts', async () => {
    const transport = await transports.open();
    const intake = new RecordingIntake(['Orders']);
    await intake.on(transport);
    const [hint] = hints(1);
    transport.due([{ ...hint!, dueInMs: 100 }]);
    transport.due([{ ...hint!, dueInMs: 60_000 }]);
    await until('it is there', () => intake.ids.length === 1, 1_000);
    expect(await redis.zcard(transports.dueKey)).toBe(0);
  });

  test('a timer that another process announced is at most a second late', async () => {
    const intake = new RecordingIntake(['Orders']);
    await intake.on(await transports.open());
    const client = await transports.open();
    await new Promise(resolve => setTimeout(resolve, 50));
    const start = performance.now();
    client.due(hints(1).map(hint => ({ ...hint, dueInMs: 100 })));
    await until('it is there', () => intake.ids.length === 1);
    expect(performance.now() - start).toBeGreaterThanOrEqual(98);
    expect(performance.now() - start).toBeLessThan(1_400);
  });

  test('names that could be confused with keys are refused, or dropped where nothing may be thrown', async () => {
    const transport = await transports.open();
    for (const service of ['a b', 'a:b', '{x}', '', 'a\nb', 'ä']) {
      await expect(new RecordingIntake([service]).on(transport)).rejects.toMatchObject({
        code: 'DURABLE_INVALID_OPTION',
        option: 'service',
      });
      transport.ready(hints(1, service));
      transport.due([{ ...hints(1, service)[0]!, dueInMs: 5 }]);
    }
    await expect(transport.onNews('}{', () => undefined)).rejects.toMatchObject({ option: 'origin' });
    transport.tell('}{', ['a']);
    await expect(transports.open({ namespace: 'a}b' })).rejects.toMatchObject({ option: 'namespace' });
    await until('everything was sent', () => transport.health().connected);
    expect(await redis.keys(`*${transports.namespace}*`)).toEqual([]);
  });

  test("an application's instance is duplicated, never closed; its keyPrefix is kept", async () => {
    const theirs = new Redis(SHARED_REDIS, { keyPrefix: 'app:', lazyConnect: true, commandTimeout: 100 });
    const transport = await transports.open({ redis: theirs });
    const intake = new RecordingIntake(['Orders']);
    await intake.on(transport);
    const heard: string[] = [];
    await transport.onNews('client', ids => heard.push(...ids));
    transport.ready(hints(2));
    transport.due([{ ...hints(1)[0]!, dueInMs: 600 }]);
    transport.tell('client', ['a']);
    await until('all is there', () => intake.ids.length === 3 && heard.length === 1);
    expect(await redis.exists(`app:${transports.streamOf('Orders')}`)).toBe(1);
    await transport.close();
    expect(theirs.status).toBe('wait');
    expect(transports.logger.warnings).toEqual([]);
  });

  test.each<['options', object]>([
    ['options', { host: '127.0.0.1', port: Number(new URL(SHARED_REDIS).port) }],
  ])('takes %s of ioredis, also RESP2', async (_, options) => {
    const transport = await transports.open({
      redis: { ...options, protocol: 2 },
      timing: { heartbeatMs: 50 },
    });
    const heard: string[] = [];
    await transport.onNews('client', ids => heard.push(...ids));
    const intake = new RecordingIntake(['Orders']);
    await intake.on(transport);
    await new Promise(resolve => setTimeout(resolve, 200));
    transport.ready(hints(1));
    transport.tell('client', ['a']);
    await until('all is there', () => intake.ids.length === 1 && heard.length === 1);
    expect(intake.losses).toBe(0);
  });
});
