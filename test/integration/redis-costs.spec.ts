import type { Redis } from 'ioredis';
import type { Consumer, Transport } from '../../lib/ports/transport.js';
import { hints } from '../contract/transport.contract.js';
import { RecordingIntake } from '../support/recording-intake.js';
import { type RedisServer, startRedis } from '../../scripts/servers.mjs';
import { blockedReads, callsOf } from '../support/redis-stats.js';
import { RedisTransports } from '../support/redis-transports.js';
import { until } from '../support/until.js';

describe('what the Redis transport costs the server', () => {
  let server: RedisServer;
  let transports: RedisTransports;
  let redis: Redis;
  let transport: Transport;
  let intake: RecordingIntake;
  let consumer: Consumer;

  beforeEach(async () => {
    server = await startRedis();
    transports = new RedisTransports(server.url);
    redis = transports.connect();
    transport = await transports.open();
    intake = new RecordingIntake(['Orders']);
    consumer = await intake.on(transport);
    await until('it reads', async () => (await blockedReads(redis)) === 1);
    await redis.config('RESETSTAT');
  });
  afterEach(async () => {
    await transports.clean(false);
    await server.stop();
  });

  /** Brings `rounds` batches; the commands that were sent, by name. */
  async function bring(rounds: number, size: number): Promise<Map<string, number>> {
    const stream = transports.streamOf('Orders');
    const done = async (): Promise<boolean> => (await redis.xlen(stream)) === 0;
    for (let round = 1; round <= rounds; round += 1) {
      transport.ready(hints(size));
      await until('they are there', () => intake.ids.length === round * size);
    }
    await until('the stream is empty', done);
    return callsOf(redis);
  }

  test('one message at a time: three commands per message', async () => {
    const calls = await bring(100, 1);
    const sent = (calls.get('evalsha') ?? 0) + (calls.get('eval') ?? 0) + (calls.get('xreadgroup') ?? 0);
    expect(sent / 100).toBeLessThan(3.2);
    expect(calls.get('xadd')).toBe(100);
  });

  test('a hundred at a time: about three hundredths of a command per message', async () => {
    const calls = await bring(50, 100);
    const sent = (calls.get('evalsha') ?? 0) + (calls.get('eval') ?? 0) + (calls.get('xreadgroup') ?? 0);
    expect(sent / 5_000).toBeLessThan(0.05);
  });

  test('an idle worker sends two commands a second at the most', async () => {
    await new Promise(resolve => setTimeout(resolve, 3_000));
    const calls = await callsOf(redis);
    const sent = ['evalsha', 'eval', 'xreadgroup', 'ping'].map(name => calls.get(name) ?? 0);
    expect(sent.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(7);
  });

  test('timers that are due one after the other are moved without a hot loop', async () => {
    transport.due(hints(1_000).map((hint, i) => ({ ...hint, dueInMs: 100 + i })));
    await until('all are there', () => intake.ids.length === 1_000);
    const calls = await callsOf(redis);
    expect(calls.get('zrangebyscore')).toBeLessThan(230);
  });

  test('capacity that comes back bit by bit in one turn of the event loop is one claim', async () => {
    intake.limit = 0;
    const { asked } = intake;
    transport.ready(hints(20));
    await until('the read that was under way has brought them', () => intake.asked > asked);
    for (let slot = 0; slot < 20; slot += 1) {
      intake.limit += 1;
      consumer.resume();
    }
    await until('they are there', () => intake.ids.length === 20);
    expect(intake.batches).toHaveLength(1);
  });

  test('a consumer that stops does not wait for the end of its blocking read', async () => {
    const start = performance.now();
    await consumer.stop();
    expect(performance.now() - start).toBeLessThan(500);
  });

  test('without capacity nothing is read', async () => {
    intake.limit = 0;
    transport.ready(hints(5));
    await until('the read that was under way is over', async () => (await blockedReads(redis)) === 0);
    await redis.config('RESETSTAT');
    await new Promise(resolve => setTimeout(resolve, 500));
    expect((await callsOf(redis)).get('xreadgroup')).toBeUndefined();
    expect(intake.ids).toEqual([]);
  });
});
