import { jest } from '@jest/globals';
import { form } from '../support/form.js';
import type { WorkerOptions } from '../../lib/index.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { until } from '../support/until.js';
import type { Plan } from '../apps/faults/protocol.js';
import { PATIENCE_MS, Scene, type Setting } from './support/scene.js';
import { RemoteError, type WorkerProcess } from './support/worker-process.js';

jest.setTimeout(240_000);

const SETTINGS = form<readonly Setting[]>(['postgres', 'postgres+redis'], ['postgres+redis']);
/** Without a sweep, so that what is announced is claimed for that reason. */
const WORKER: WorkerOptions = { lease: '1s', sweepInterval: '10m' };
const PLAN: Plan = { steps: [{ name: 'one' }, { name: 'two' }, { name: 'three' }] };

/** Not the isolation level at the begin of a transaction. */
const COMMIT = 'COMMIT\0';

/** Statements, by a piece of their text, whose answers get lost, and under which epoch the invocation ends. */
const STATEMENTS: readonly (readonly [
  what: string,
  text: string,
  plan: Plan,
  delay: number,
  epoch: number,
])[] = [
  ['an accept', 'accepted as (', PLAN, 0, 1],
  ['an entry', 'written as (', PLAN, 0, 1],
  ['an outcome', 'moved as (', PLAN, 0, 1],
  ['a backing off', 'moved as (', { ...PLAN, failedAttempts: 1 }, 0, 2],
  // The claim is found to be a stray, and made again.
  ['a claim', 'taken as (', PLAN, 50, 2],
  ['a journal', 'cross join lateral', { ...PLAN, failedAttempts: 1 }, 0, 3],
  ['a result', 'finished_at is not null', PLAN, 50, 1],
];

/** A connection that breaks between what PostgreSQL has committed and what the process hears of it. */
describe.each(SETTINGS)('on %s, when the answer is lost to', setting => {
  let scene: Scene;
  let proxy: TcpProxy;
  let worker: WorkerProcess;
  const retried = new Set<string>();

  beforeAll(async () => {
    scene = await Scene.open(setting, { worker: WORKER });
    const address = new URL(scene.postgres);
    proxy = await TcpProxy.to(Number(address.port || 5432), address.hostname);
    address.hostname = '127.0.0.1';
    address.port = String(proxy.port);
    worker = await scene.start({ postgres: address.href });
  });

  afterAll(async () => {
    await scene.close();
    await proxy.close();
  });

  it.each(STATEMENTS)(
    '%s, there is one outcome and nothing is stuck or repeated',
    async (_, text, plan, delay, epoch) => {
      const lost = proxy.loseAnswerTo(text);
      const id = await worker.send(plan, { delay });
      const result = await worker.result(id);
      await lost;

      const { invocations } = await scene.records();
      const stored = invocations.find(row => row.id === id);
      expect(stored).toMatchObject({ status: 'completed', epoch, deaths: 0, output: JSON.stringify(result) });
      expect(plan.steps.map(({ name }) => scene.ledger.executions(id, name))).toEqual([1, 1, 1]);
    },
  );

  it('an accept under an idempotency key, there is one invocation', async () => {
    const lost = proxy.loseAnswerTo('accepted as (');
    const id = await worker.send(PLAN, { key: 'key' });
    await lost;
    expect(await worker.send(PLAN, { key: 'key' })).toBe(id);
    expect(await worker.result(id)).toHaveLength(3);
    expect(scene.ledger.begun('handler', id)).toHaveLength(1);
  });

  it('a renewal, it keeps its lease', async () => {
    const { workers } = await scene.records();
    await proxy.loseAnswerTo('renewed as (');
    await worker.result(await worker.send(PLAN));
    expect((await scene.records()).workers).toEqual(workers);
  });

  describe('the end of a transaction', () => {
    let sweeping: WorkerProcess;

    beforeAll(async () => {
      // Finds what was never announced, and leaves the dead to the other.
      const worker: WorkerOptions = { lease: '10m', sweepInterval: '100ms' };
      sweeping = await scene.start({ open: ['held', 'gate'], worker });
    });

    it('that takes away what a dead worker had, it goes on elsewhere', async () => {
      await worker.open('held');
      const victim = await scene.start();
      const id = await heldBy(victim);
      const lost = proxy.loseAnswerTo(COMMIT);
      await victim.kill();
      await lost;
      expect(await sweeping.result(id)).toHaveLength(1);
      expect(scene.ledger.executions(id, 'one')).toBe(2);
    });

    /** An invocation that this process holds in its step: one that has just started may leave the first ones to others. */
    async function heldBy(victim: WorkerProcess): Promise<string> {
      for (;;) {
        const id = await victim.send({ steps: [{ name: 'one', hold: 'held' }] });
        await until('the step is executed', () => scene.ledger.executions(id, 'one') > 0, PATIENCE_MS);
        if (scene.ledger.begun('step', id).some(({ pid }) => pid === victim.pid)) return id;
      }
    }

    it('that runs a failed invocation again, it is run again once', async () => {
      const id = await worker.send({ steps: [{ name: 'one', needs: 'gate' }] });
      retried.add(id);
      await worker.result(id).catch(() => undefined);
      await worker.open('gate');
      const lost = proxy.loseAnswerTo(COMMIT);
      const answer = worker.ask({ do: 'retry', id }).catch((error: unknown) => error);
      await lost;
      expect(await answer).toBeInstanceOf(RemoteError);
      expect(await sweeping.result(id)).toHaveLength(1);
      expect(scene.ledger.executions(id, 'one')).toBe(2);
    });
  });

  it('nothing is left behind', async () => {
    expect(await scene.conclude({ accepted: [], results: new Map(), retried })).toEqual([]);
  });
});
