import type { DurableClient } from 'nestjs-durable';
import { BenchService } from './application.js';
import { LOAD_WORKLOADS } from './load-workloads.js';
import { MODEL_WORKLOADS } from './model-workloads.js';
import {
  expectValue,
  secondsSince,
  sendAll,
  type Bench,
  type HandlerName,
  type Sample,
  type Workload,
} from './workload.js';

/** Workloads of W1 to W4, in the order of the tables. */
const BASE_WORKLOADS: readonly Workload[] = [
  {
    name: 'w1',
    title: 'W1 empty handler',
    reports: 'throughput',
    count: 8_000,
    run: ({ client }, count) => flood(client, 'empty', count),
  },
  {
    name: 'w2',
    title: 'W2 three steps',
    reports: 'throughput',
    count: 4_000,
    run: ({ client }, count) => flood(client, 'threeSteps', count),
  },
  {
    name: 'w3',
    title: 'W3 empty handler, accept to result',
    reports: 'latency',
    count: 400,
    run: ({ client }, count) => roundTrips(client, 'empty', count),
  },
  {
    name: 'w3',
    title: 'W3 one step, accept to result',
    reports: 'latency',
    count: 400,
    run: ({ client }, count) => roundTrips(client, 'oneStep', count),
  },
  {
    name: 'w4',
    title: 'W4 accept, idle',
    reports: 'latency',
    count: 400,
    run: acceptsWhenIdle,
  },
  {
    name: 'w4',
    title: 'W4 accept, under the load of W1',
    reports: 'latency',
    count: 8_000,
    run: acceptsUnderLoad,
  },
];

/** What runs on one setup, in the order of the tables; last what leaves the most behind. */
export const WORKLOADS: readonly Workload[] = [...BASE_WORKLOADS, ...LOAD_WORKLOADS, ...MODEL_WORKLOADS];

/** Sends as fast as the starters can, and awaits every result. */
async function flood(client: DurableClient, handler: HandlerName, count: number): Promise<Sample> {
  const started = performance.now();
  await sendAll(client, handler, count);
  return { invocations: count, seconds: secondsSince(started) };
}

/** One call at a time, each awaited to its result. */
async function roundTrips(client: DurableClient, handler: HandlerName, count: number): Promise<Sample> {
  const calls = client.call(BenchService);
  return timed(count, async value => expectValue(await calls[handler](value), value));
}

/** One send at a time; its invocation has ended before the next, so that nothing else goes on. */
async function acceptsWhenIdle({ client }: Bench, count: number): Promise<Sample> {
  const latencies: number[] = [];
  const sends = client.send(BenchService);
  const { seconds } = await timed(count, async value => {
    const started = performance.now();
    const handle = await sends.empty(value);
    latencies.push(performance.now() - started);
    await handle.result();
  });
  return { invocations: count, seconds, latencies };
}

/** One more caller, whose sends are timed, while the starters of W1 send theirs. */
async function acceptsUnderLoad({ client }: Bench, count: number): Promise<Sample> {
  const latencies: number[] = [];
  const results: Promise<unknown>[] = [];
  const sends = client.send(BenchService);
  const started = performance.now();
  let loaded = true;
  const load = sendAll(client, 'empty', count, () => (loaded = false));
  while (loaded) {
    const sent = performance.now();
    const handle = await sends.empty(0);
    latencies.push(performance.now() - sent);
    results.push(handle.result());
  }
  await Promise.all([load, ...results]);
  return { invocations: count + results.length, seconds: secondsSince(started), latencies };
}

async function timed(count: number, one: (value: number) => Promise<void>): Promise<Sample> {
  const latencies: number[] = [];
  const started = performance.now();
  for (let value = 0; value < count; value++) {
    const called = performance.now();
    await one(value);
    latencies.push(performance.now() - called);
  }
  return { invocations: count, seconds: secondsSince(started), latencies };
}
