import { BenchService } from './application.js';
import { used } from './counters.js';
import { openLoop } from './open-loop.js';
import { expectValue, sendAll, secondsSince, type Bench, type Sample, type Workload } from './workload.js';

/** Part of the peak that is sent. */
const SHARE = 0.7;
/** How long, for each invocation of the peak's measurement: 5 s at the usual size. */
const SECONDS_EACH = 5 / 8_000;
/** Until what the last workload left to do is done. */
const SETTLE_MS = 6_000;

/** Workloads of a process that has less to do than it can. */
export const LOAD_WORKLOADS: readonly Workload[] = [
  {
    name: 'load',
    title: 'Load: 70 % of the peak of W1, accept to result',
    reports: 'latency',
    count: 8_000,
    run: atPartOfPeak,
  },
  {
    name: 'idle',
    title: 'Idle: what a minute costs in which nothing is sent',
    reports: 'figures',
    count: 60,
    once: true,
    run: idle,
  },
];

/** Measures the peak, then sends steadily at a part of it; what is timed begins when a send was to be made. */
async function atPartOfPeak({ client }: Bench, count: number): Promise<Sample> {
  const started = performance.now();
  await sendAll(client, 'empty', count);
  const peak = count / secondsSince(started);
  const perSecond = peak * SHARE;
  const paced = Math.max(1, Math.round(perSecond * SECONDS_EACH * count));
  const sends = client.send(BenchService);
  const began = performance.now();
  const latencies = await openLoop({
    perSecond,
    count: paced,
    one: async value => expectValue(await (await sends.empty(value)).result(), value),
  });
  const figures = {
    'peak, invocations/s': peak,
    'sent, invocations/s': perSecond,
    'ended, invocations/s': paced / secondsSince(began),
  };
  return { invocations: count + paced, seconds: secondsSince(started), latencies, figures };
}

/** @param seconds how long nothing is done */
async function idle({ counters }: Bench, seconds: number): Promise<Sample> {
  await pause(SETTLE_MS);
  const before = await counters.read();
  const started = performance.now();
  await pause(seconds * 1_000);
  const costs = used(before, await counters.read());
  const minutes = secondsSince(started) / 60;
  const perMinute = (value: number | undefined): number => (value ?? NaN) / minutes;
  const figures = {
    'SQL statements per minute': perMinute(costs.statements),
    'write transactions per minute': perMinute(costs.transactions),
    'WAL bytes per minute': perMinute(costs.walBytes),
    'Redis commands per minute': perMinute(costs.redisCommands),
    'CPU ms per minute, Node': perMinute(costs.nodeCpu) * 1_000,
    'CPU ms per minute, PostgreSQL': perMinute(costs.postgresCpu) * 1_000,
    'CPU ms per minute, Redis': perMinute(costs.redisCpu) * 1_000,
  };
  const counted = Object.entries(figures).filter(([, value]) => !Number.isNaN(value));
  return { invocations: 0, seconds: 0, figures: Object.fromEntries(counted) };
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
