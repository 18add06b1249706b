import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import type { WorkerOptions } from '../../lib/index.js';
import { DurableClientProxy } from '../../lib/microservice/index.js';
import { AppProcess } from '../support/app-process.js';
import { Trial } from '../faults/support/trial.js';
import { Servers } from '../support/servers.js';
import { form } from '../support/form.js';
import { until } from '../support/until.js';

interface Line {
  readonly event: 'start' | 'end' | 'abort' | 'told';
  readonly id: string;
  readonly step: number;
  readonly pid: number;
  readonly at: number;
}

interface Kind {
  readonly name: string;
  readonly withRedis: boolean;
  /** How long an invocation may lie still between two workers, in milliseconds. */
  readonly gapMs: number;
}

const SWEEP_MS = 1_000;
const KINDS: readonly Kind[] = [
  { name: 'PostgreSQL and Redis', withRedis: true, gapMs: 2_000 },
  { name: 'PostgreSQL alone', withRedis: false, gapMs: SWEEP_MS + 1_000 },
];
const USED = form(KINDS, KINDS.slice(0, 1));
const CLEAN_EXIT = { code: 0, signal: null };

describe.each(USED)('S23 a worker on $name that gets SIGTERM', ({ name, withRedis, gapMs }) => {
  const trial = new Trial('S23', `on ${name}`, 0);
  let servers: Servers;
  let directory: string;
  let ledger: string;
  let client: DurableClientProxy;
  const workers: AppProcess[] = [];

  beforeAll(async () => {
    servers = await Servers.open();
    directory = mkdtempSync(join(tmpdir(), 'durable-drain-'));
  });

  beforeEach(async () => {
    ledger = join(directory, 'ledger');
    writeFileSync(ledger, '');
    client = new DurableClientProxy(address());
    await client.connect();
  });

  afterEach(async () => {
    await Promise.all(workers.splice(0).map(worker => worker.kill()));
    await client.close();
  });

  afterAll(async () => {
    rmSync(directory, { recursive: true });
    await servers.close();
    trial.report();
  });

  function address(): { readonly postgres: string } {
    const { postgres, redis, namespace } = servers.address;
    return withRedis ? ({ postgres, redis, namespace } as { postgres: string }) : { postgres };
  }

  async function startWorker(mode: string, stepMs: number, worker: WorkerOptions = {}): Promise<AppProcess> {
    const options = { ...address(), worker: { sweepInterval: SWEEP_MS, ...worker } };
    const process = await AppProcess.start('draining-worker', { mode, options, ledger, stepMs });
    workers.push(process);
    return process;
  }

  function send(steps: number): Promise<string> {
    return firstValueFrom(client.emit<string, number>('Draining.work', steps));
  }

  function lines(filter: Partial<Line> = {}): Line[] {
    const all = readFileSync(ledger, 'utf8').split('\n').filter(Boolean);
    const fits = (line: Line): boolean =>
      Object.entries(filter).every(([key, value]) => line[key as keyof Line] === value);
    const isOfStep = ({ event }: Line): boolean => event !== 'told' || filter.event === 'told';
    return all.map(line => JSON.parse(line) as Line).filter(line => isOfStep(line) && fits(line));
  }

  /** When a worker heard that it is to end, by its own clock: on a busy machine that is long after it was told. */
  const toldAt = (worker: AppProcess): number => lines({ pid: worker.pid, event: 'told' })[0]?.at ?? NaN;

  /** Its result, and that no death was counted. */
  async function completed(id: string): Promise<void> {
    const handle = client.unwrap().get(id);
    await handle.result({ timeout: 20_000 });
    expect(await handle.status()).toMatchObject({ status: 'completed', deaths: 0, failedAttempts: 0 });
  }

  /** Milliseconds that each invocation which a worker gave back lay still until another one went on with it. */
  function gaps(victim: number): number[] {
    const given = lines().filter(({ event, pid }) => event !== 'end' && pid !== victim);
    return [...new Set(lines({ pid: victim }).map(({ id }) => id))].flatMap(id => {
      const last = lines({ pid: victim, id }).at(-1);
      const next = given.find(line => line.id === id);
      return last && next ? [next.at - last.at] : [];
    });
  }

  it('lets its steps finish, and another worker goes on: no step runs twice', async () => {
    trial.goesOn();
    const pair = await Promise.all([startWorker('microservice', 200), startWorker('microservice', 200)]);
    const ids = await Promise.all(Array.from({ length: 20 }, () => send(8)));
    await until('it is in the middle', () => lines({ event: 'end' }).length >= 30, 20_000);
    const startedBy = (worker: AppProcess): number => lines({ pid: worker.pid, event: 'start' }).length;
    const [victim] = pair.sort((a, b) => startedBy(b) - startedBy(a));
    victim.signal('SIGTERM');
    expect(await victim.exited).toEqual(CLEAN_EXIT);
    await Promise.all(ids.map(completed));

    for (const id of ids) {
      const expected = Array.from({ length: 8 }, (_, step) => step);
      expect(lines({ id, event: 'start' }).map(({ step }) => step)).toEqual(expected);
      expect(lines({ id, event: 'end' }).map(({ step }) => step)).toEqual(expected);
    }
    expect(lines({ event: 'abort' })).toEqual([]);
    const told = toldAt(victim);
    const afterwards = lines({ pid: victim.pid, event: 'start' }).filter(({ at }) => !(at <= told + 150));
    expect(afterwards).toEqual([]);
    const still = gaps(victim.pid);
    trial.measure('from one worker to the next ms', ...still);
    expect(still.length).toBeGreaterThanOrEqual(10);
    expect(Math.max(...still)).toBeLessThan(gapMs);
  });

  it.each(['hybrid', 'context', 'close'])('ends with code 0 in the same way, started as %s', async mode => {
    const worker = await startWorker(mode, 300);
    const id = await send(3);
    await until('a step runs', () => lines({ event: 'start' }).length === 1);
    worker.signal('SIGTERM');
    expect(await worker.exited).toEqual(CLEAN_EXIT);
    expect(lines().map(({ event, step }) => `${event} ${step}`)).toEqual(['start 0', 'end 0']);
    expect(await client.unwrap().get(id).status()).toMatchObject({
      status: 'scheduled',
      deaths: 0,
      worker: null,
    });
    await startWorker('microservice', 10);
    await completed(id);
  });

  it('goes on draining at a second SIGTERM', async () => {
    const worker = await startWorker('microservice', 700);
    const id = await send(2);
    await until('a step runs', () => lines({ event: 'start' }).length === 1);
    worker.signal('SIGTERM');
    await new Promise(resolve => setTimeout(resolve, 150));
    worker.signal('SIGTERM');
    worker.signal('SIGINT');
    expect(await worker.exited).toEqual(CLEAN_EXIT);
    expect(lines().map(({ event, step }) => `${event} ${step}`)).toEqual(['start 0', 'end 0']);
    await startWorker('microservice', 10);
    await completed(id);
    expect(lines({ event: 'start' }).map(({ step }) => step)).toEqual([0, 1]);
  });

  it('gives a step back that outlasts the drain timeout: only that one is repeated', async () => {
    const worker = await startWorker('microservice', 60_000, { drainTimeout: '400ms' });
    const id = await send(2);
    await until('a step runs', () => lines({ event: 'start' }).length === 1);
    await startWorker('microservice', 10);
    worker.signal('SIGTERM');
    await completed(id);
    expect(await worker.exited).toEqual(CLEAN_EXIT);
    const seen = lines().map(
      ({ event, step, pid }) => `${event} ${step} ${pid === worker.pid ? 'here' : 'there'}`,
    );
    expect(seen).toEqual([
      'start 0 here',
      'abort 0 here',
      'start 0 there',
      'end 0 there',
      'start 1 there',
      'end 1 there',
    ]);
    const [abort, repeated] = [lines({ event: 'abort' })[0], lines({ event: 'start' })[1]];
    expect((abort?.at ?? 0) - toldAt(worker)).toBeGreaterThanOrEqual(390);
    expect((repeated?.at ?? 0) - (abort?.at ?? 0)).toBeLessThan(gapMs);
  });
});
