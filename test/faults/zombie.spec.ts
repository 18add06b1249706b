import { jest } from '@jest/globals';
import { until } from '../support/until.js';
import type { Plan } from '../apps/faults/protocol.js';
import { hasLostLease, PATIENCE_MS, Scene, type Setting } from './support/scene.js';
import { isStopped, type WorkerProcess } from './support/worker-process.js';

jest.setTimeout(240_000);

const SETTINGS: readonly Setting[] = ['postgres', 'postgres+redis'];
const PLAN: Plan = { steps: [{ name: 'one' }, { name: 'two' }, { name: 'three' }] };
const HELD: Plan = { steps: [{ name: 'one', hold: 'gate' }, { name: 'two' }] };

/** Writes before which a process is stopped; it makes them when it goes on, long after its lease. */
const WRITES: readonly (readonly [write: string, nth: number, plan: Plan])[] = [
  ['entry', 2, PLAN],
  ['outcome', 1, PLAN],
  ['backing_off', 1, { ...PLAN, failedAttempts: 1 }],
];

/**
 * A process that is stopped for longer than its lease, and then goes on: what it drove has gone on elsewhere, and
 * whatever it still wants to write is refused.
 */
describe.each(SETTINGS)('on %s, a process that outlived its lease', setting => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await Scene.open(setting, { spare: 2 });
  });

  afterEach(async () => {
    await scene.close();
  });

  async function stopped(zombie: WorkerProcess): Promise<void> {
    await until(`process ${zombie.pid} is stopped`, () => isStopped(zombie.pid), PATIENCE_MS);
  }

  /** All invocations are over, by the hand of others. */
  async function over(count: number): Promise<void> {
    const isOver = async (): Promise<boolean> => {
      const { invocations } = await scene.records();
      return invocations.filter(({ status }) => status === 'completed').length === count;
    };
    await until(`${count} invocations are completed`, isOver, PATIENCE_MS);
  }

  /** It works again, alone, and no writer of the dead name is left. */
  async function worksOn(zombie: WorkerProcess, heir: WorkerProcess): Promise<void> {
    await heir.shutDown();
    const id = await zombie.send(PLAN);
    await zombie.result(id);
    expect(scene.ledger.begun('handler', id).map(({ pid }) => pid)).toEqual([zombie.pid]);
    const { workers } = await scene.records();
    expect(workers).toEqual([expect.stringMatching(/\.2$/)]);
  }

  it.each(WRITES)('has its %s refused, and gets the recorded outcome', async (write, nth, plan) => {
    const point = `${write}:before`;
    const zombie = await scene.start({ fault: { point, nth, action: 'stop' } });
    const call = zombie.call(plan, 'key');
    await stopped(zombie);
    const heir = await scene.start();
    await over(1);
    const before = await scene.records();
    const begun = scene.ledger.begun('step').length;

    zombie.thaw();
    const result = await call;
    await until('its write was answered', () => scene.ledger.points(zombie.pid).includes(`${write}:after`));
    await until('it knows that it lost its lease', () => hasLostLease(zombie), PATIENCE_MS);
    const after = await scene.records();

    expect(after.invocations).toEqual(before.invocations);
    expect(after.entries).toEqual(before.entries);
    expect(result).toEqual(JSON.parse(before.invocations[0]?.output ?? ''));
    expect(scene.ledger.begun('step')).toHaveLength(begun);
    await worksOn(zombie, heir);
    expect(await scene.conclude({ accepted: [], results: new Map() })).toEqual([]);
  });

  it('has its release refused, and ends in an orderly way', async () => {
    const zombie = await scene.start({ fault: { point: 'release:before', nth: 1, action: 'stop' } });
    // However soon it hears that it is to end, that is before the third step.
    const [, two, three] = PLAN.steps;
    const id = await zombie.send({
      steps: [{ name: 'one', hold: 'gate' }, { ...two, ms: 500 }, three],
    } as Plan);
    await scene.witnessed('a step is executed', lines => lines.some(({ what }) => what === 'step'));
    zombie.terminate();
    await zombie.open('gate');
    await stopped(zombie);
    const heir = await scene.start({ open: ['gate'] });
    const result = await heir.result(id);
    const before = await scene.records();

    zombie.thaw();
    expect(await zombie.exited).toEqual({ code: 0, signal: null });
    expect(scene.ledger.points(zombie.pid)).toContain('release:after');
    const after = await scene.records();
    expect(after.invocations).toEqual(before.invocations);
    expect(after.entries).toEqual(before.entries);
    expect(await scene.conclude({ accepted: [id], results: new Map([[id, result]]) })).toEqual([]);
  });

  it('has its renewal refused, aborts its steps, and starts no other', async () => {
    const zombie = await scene.start();
    const calls = Array.from({ length: 20 }, (_, number) => zombie.call(HELD, `key ${number}`));
    await scene.witnessed('20 steps are executed', lines => lines.filter(isStepStart).length === 20);
    await zombie.freeze();
    const heir = await scene.start({ open: ['gate'] });
    await over(20);
    const before = await scene.records();

    zombie.thaw();
    const results = await Promise.all(calls);
    await scene.witnessed('its steps are aborted', lines => {
      return lines.filter(({ phase, pid }) => phase === 'aborted' && pid === zombie.pid).length === 20;
    });
    // Had it gone on with one of them, it would do so now.
    await zombie.open('gate');
    const after = await scene.records();

    expect(after.invocations).toEqual(before.invocations);
    expect(after.entries).toEqual(before.entries);
    expect(results.flat().filter(token => token.includes(`#${zombie.pid}.`))).toEqual([]);
    expect(scene.ledger.begun('step').filter(({ pid }) => pid === zombie.pid)).toHaveLength(20);
    await worksOn(zombie, heir);
    expect(zombie.log).toContain('was the event loop blocked, or the process stopped');
    expect(await scene.conclude({ accepted: [], results: new Map() })).toEqual([]);
  });
});

function isStepStart({ what, phase }: { readonly what: string; readonly phase: string }): boolean {
  return what === 'step' && phase === 'start';
}
