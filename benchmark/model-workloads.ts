import type { DurableClient, InvocationInfo } from 'nestjs-durable';
import { BenchCounter, BenchService } from './application.js';
import { percentile } from './statistics.js';
import {
  expectCount,
  inTurns,
  secondsSince,
  sendAll,
  STARTERS,
  type Bench,
  type Sample,
  type Workload,
} from './workload.js';

/** Steps at the beginning and at the end that are compared. */
const EDGE = 100;
const PAGE = 1_000;
/** Ended invocations before the sleeping ones, for each of those: an idle worker has worked. */
const WARM_UP = 0.1;

/** Workloads of long journals, calls, virtual objects, timers and suspension. */
export const MODEL_WORKLOADS: readonly Workload[] = [
  {
    name: 'w5',
    title: 'W5 1,000 sequential steps of one invocation',
    reports: 'figures',
    count: 1_000,
    run: sequentialSteps,
  },
  {
    name: 'w6',
    title: 'W6 1,000 children of one invocation, awaited together',
    reports: 'figures',
    count: 1_000,
    run: children,
  },
  {
    name: 'w7',
    title: 'W7 virtual object, one key',
    reports: 'throughput',
    count: 2_000,
    run: ({ client }, count) => additions(client, count, 1),
  },
  {
    name: 'w7',
    title: 'W7 virtual object, 1,000 keys',
    reports: 'throughput',
    count: 8_000,
    run: ({ client }, count) => additions(client, count, 1_000),
  },
  {
    name: 'w8',
    title: 'W8 10,000 timers due within one second',
    reports: 'figures',
    count: 10_000,
    run: timers,
  },
  {
    name: 'w9',
    title: 'W9 100,000 sleeping invocations',
    reports: 'figures',
    count: 100_000,
    once: true,
    run: sleeping,
  },
];

/** One invocation with so many steps, one after the other. */
async function sequentialSteps({ client }: Bench, count: number): Promise<Sample> {
  const edge = Math.min(EDGE, Math.ceil(count / 2));
  const started = performance.now();
  const { first, last } = await client.call(BenchService).sequentialSteps(count, edge);
  const seconds = secondsSince(started);
  const figures = {
    'ms per step': (seconds * 1_000) / count,
    'ms per step, first hundred': first,
    'ms per step, last hundred': last,
  };
  return { invocations: count, seconds, figures };
}

async function children({ client }: Bench, count: number): Promise<Sample> {
  const started = performance.now();
  const sum = await client.call(BenchService).children(count);
  const seconds = secondsSince(started);
  expectCount('the sum of the children', sum, (count * (count - 1)) / 2);
  return { invocations: count, seconds, figures: { 'ms until all have answered': seconds * 1_000 } };
}

/** Exclusive invocations that change the state of their object, spread over keys; none may lose another's change. */
async function additions(client: DurableClient, count: number, keys: number): Promise<Sample> {
  const run = `${Date.now()}-`;
  const sums = Array.from({ length: keys }, () => 0);
  const results: Promise<void>[] = [];
  const started = performance.now();
  await inTurns(STARTERS, count, async value => {
    const at = value % keys;
    const handle = await client.send(BenchCounter, { key: run + String(at) }).add(1);
    results.push(handle.result().then(sum => void (sums[at] = Math.max(sums[at] ?? 0, sum))));
  });
  await Promise.all(results);
  const seconds = secondsSince(started);
  expectCount(
    'the sum of the objects',
    sums.reduce((all, sum) => all + sum, 0),
    count,
  );
  return { invocations: count, seconds };
}

/** Sleeps that end within the same second; how late they are is told by the database's clock. */
async function timers({ client }: Bench, count: number): Promise<Sample> {
  const started = performance.now();
  // All of them sleep by then, also on a busy machine.
  const first = Date.now() + 2_000 + count;
  const due = new Map<string, number>();
  const results: Promise<void>[] = [];
  const sends = client.send(BenchService);
  await inTurns(STARTERS, count, async value => {
    const at = first + Math.floor((value * 1_000) / count);
    const handle = await sends.sleepUntil(new Date(at));
    due.set(handle.id, at);
    results.push(handle.result());
  });
  if (Date.now() >= first) throw new Error(`not all of the ${count} timers were set in time`);
  await Promise.all(results);
  const seconds = secondsSince(started);
  const lateness: number[] = [];
  await eachSleeper(client, count, ({ id, finishedAt }) => {
    lateness.push((finishedAt?.getTime() ?? NaN) - (due.get(id) ?? NaN));
  });
  const early = lateness.filter(ms => !(ms >= 0)).length;
  expectCount('the number of early timers', early, 0);
  const figures = {
    'ms late, p50': percentile(lateness, 50),
    'ms late, p99': percentile(lateness, 99),
    'ms late, at most': Math.max(...lateness),
    early,
  };
  return { invocations: count, seconds, figures };
}

/**
 * What the process that works holds when it is idle, after invocations of other kinds, and once so many have gone to
 * sleep for longer than this runs.
 */
async function sleeping({ client, memory }: Bench, count: number): Promise<Sample> {
  await sendAll(client, 'threeSteps', Math.ceil(count * WARM_UP));
  const before = await memory();
  const started = performance.now();
  const at = new Date(Date.now() + 24 * 3_600_000);
  const sends = client.send(BenchService);
  await inTurns(STARTERS, count, async () => void (await sends.sleepUntil(at)));
  await untilAllSleep(client);
  const seconds = secondsSince(started);
  const after = await memory();
  const figures = {
    'MB of heap before': before.heap,
    'MB of heap after': after.heap,
    'MB of RSS before': before.rss,
    'MB of RSS after': after.rss,
    'MB of RSS over an idle worker': after.rss - before.rss,
  };
  return { invocations: count, seconds, figures };
}

async function untilAllSleep(client: DurableClient): Promise<void> {
  const isRunning = async (): Promise<boolean> => {
    const { items } = await client.list({ handler: 'sleepUntil', status: 'running', limit: 1 });
    return items.length > 0;
  };
  while (await isRunning()) await new Promise(resolve => setTimeout(resolve, 50));
}

/** The last `count` invocations that slept. */
async function eachSleeper(
  client: DurableClient,
  count: number,
  visit: (info: InvocationInfo) => void,
): Promise<void> {
  let cursor: string | undefined;
  for (let left = count; left > 0; left -= PAGE) {
    const limit = Math.min(left, PAGE);
    const page = await client.list({ handler: 'sleepUntil', limit, ...(cursor !== undefined && { cursor }) });
    page.items.forEach(visit);
    cursor = page.cursor;
  }
}
