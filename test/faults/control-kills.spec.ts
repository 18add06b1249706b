import { jest } from '@jest/globals';
import { form } from '../support/form.js';
import { until } from '../support/until.js';
import type { Plan } from '../apps/faults/protocol.js';
import { PATIENCE_MS, Scene, type Setting } from './support/scene.js';
import { Trial } from './support/trial.js';
import { RemoteError, type WorkerProcess } from './support/worker-process.js';

jest.setTimeout(240_000);

const SETTINGS = form<readonly Setting[]>(['postgres', 'postgres+redis'], ['postgres+redis']);
const WAITING: Plan = { steps: [{ name: 'one' }, { name: 'two', first: { signal: 'go' } }] };

type Order = 'cancel' | 'kill' | 'pause' | 'resume' | 'restart';

/** Processes that are killed as they give an order: it is carried out, or it never was. */
describe.each(SETTINGS)('S03 on %s, a process that is killed', setting => {
  const trial = new Trial('S03', `on ${setting}, at orders`);
  let scene: Scene;
  let worker: WorkerProcess;

  beforeAll(async () => {
    scene = await Scene.open(setting, { spare: 1, trial });
    worker = await scene.start();
  });

  afterAll(async () => {
    await scene.close();
    trial.report();
  });

  const statusOf = async (id: string): Promise<string> =>
    (await worker.ask<{ status: string }>({ do: 'info', id })).status;

  const waits = async (from: WorkerProcess, deadline?: number): Promise<string> => {
    const id = await from.ask<string>({
      do: 'send',
      plan: WAITING,
      ...(deadline !== undefined && { deadline }),
    });
    const isWaiting = async (): Promise<boolean> =>
      (await worker.ask<unknown[]>({ do: 'journal', id })).length === 2;
    await until('it waits', isWaiting, PATIENCE_MS);
    return id;
  };

  /** How it ended: by name of its error, or the number of its results. */
  const outcome = (id: string, from = worker): Promise<string | number> =>
    from.result(id).then(
      results => results.length,
      (error: unknown) => (error instanceof RemoteError ? error.failure.name : String(error)),
    );

  const go = (id: string): Promise<unknown> => worker.ask({ do: 'signal', id, name: 'go', value: 'now' });

  const dies = async (victim: WorkerProcess): Promise<void> => {
    await until(`process ${victim.pid} is killed`, () => victim.exit?.signal === 'SIGKILL', PATIENCE_MS);
    trial.count('commit points');
  };

  const giveAndDie = async (order: Order, id: string, moment: 'before' | 'after'): Promise<void> => {
    const fault = { point: `${order}:${moment}`, nth: 1, action: 'kill' } as const;
    const client = await scene.start({ worker: false, fault });
    const answer = client.ask({ do: order, id }).catch(() => 'dead');
    await dies(client);
    expect(await answer).toBe('dead');
  };

  it.each(['cancel', 'kill', 'pause'] as const)(
    'before the commit of its %s has changed nothing',
    async order => {
      const id = await waits(worker);
      await giveAndDie(order, id, 'before');
      await go(id);
      expect(await outcome(id)).toBe(2);
    },
  );

  it.each([
    ['cancel', 'CancelledError'],
    ['kill', 'KilledError'],
  ] as const)('after the commit of its %s has given it, though nobody was told', async (order, error) => {
    const id = await waits(worker);
    await giveAndDie(order, id, 'after');
    expect(await outcome(id)).toBe(error);
    expect(await statusOf(id)).toBe('cancelled');
  });

  it('after the commit of a pause has paused it; before and after that of a resumption, it is resumed', async () => {
    const id = await waits(worker);
    await giveAndDie('pause', id, 'after');
    expect(await statusOf(id)).toBe('paused');
    await giveAndDie('resume', id, 'before');
    expect(await statusOf(id)).toBe('paused');
    await giveAndDie('resume', id, 'after');
    await go(id);
    expect(await outcome(id)).toBe(2);
  });

  it('around the commit of a restart has made one new invocation, or none', async () => {
    const id = await waits(worker);
    await go(id);
    expect(await outcome(id)).toBe(2);
    const others = async () => {
      const { invocations } = await scene.records();
      return invocations.map(one => one.id);
    };
    const before = await others();
    await giveAndDie('restart', id, 'before');
    expect(await others()).toEqual(before);
    await giveAndDie('restart', id, 'after');
    const [fresh, ...more] = (await others()).filter(one => !before.includes(one));
    expect([typeof fresh, more]).toEqual(['string', []]);
    await go(fresh!);
    expect(await outcome(fresh!)).toBe(2);
  });

  it.each(['before', 'after'] as const)('%s the commit that a deadline is past is replaced', async moment => {
    await worker.shutDown();
    const victim = await scene.start({ fault: { point: `expire:${moment}`, nth: 1, action: 'kill' } });
    worker = victim;
    const id = await waits(victim, 600_000);
    await scene.database.query('update durable.deadline set at = now() where invocation_id = $1', [id]);
    await dies(victim);
    worker = await scene.start();
    expect(await outcome(id)).toBe('DeadlineExceededError');
    expect(await statusOf(id)).toBe('failed');
    expect(scene.ledger.executions(id, 'one')).toBe(1);
  });
});
