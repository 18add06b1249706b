import { jest } from '@jest/globals';
import { form } from '../support/form.js';
import { until } from '../support/until.js';
import type { Act, Plan } from '../apps/faults/protocol.js';
import { hasLostLease, PATIENCE_MS, Scene, type Setting } from './support/scene.js';
import { Trial } from './support/trial.js';
import { isStopped, type WorkerProcess } from './support/worker-process.js';

jest.setTimeout(240_000);

const SETTINGS = form<readonly Setting[]>(['postgres', 'postgres+redis'], ['postgres+redis']);
const PLAN: Plan = { steps: [{ name: 'one' }, { name: 'two' }, { name: 'three' }] };
const HELD: Plan = { steps: [{ name: 'one', hold: 'gate' }, { name: 'two' }] };

const CHILD: Plan = { steps: [{ name: 'child' }] };

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
interface ModelWrite {
  readonly what: string;
  readonly write: string;
  readonly nth: number;
  /** Invocations in all. */
  readonly count: number;
  readonly plan: Plan;
  readonly object?: string;
}

const APPENDING: Plan = {
  steps: [
    { name: 'one', first: { append: 'a' } },
    { name: 'two', first: { append: 'b' } },
  ],
};
const first = (act: Act): Plan => ({ steps: [{ name: 'one' }, { name: 'two', first: act }] });

/** Writes of what waits, talks to others and owns state. */
const MODEL_WRITES: readonly ModelWrite[] = [
  { what: 'write of a state', write: 'entry', nth: 1, count: 1, plan: APPENDING, object: 'o' },
  { what: 'second write of a state', write: 'entry', nth: 2, count: 1, plan: APPENDING, object: 'o' },
  { what: 'accept of a call', write: 'accept', nth: 2, count: 2, plan: first({ call: CHILD }) },
  { what: 'accept of a send', write: 'accept', nth: 2, count: 2, plan: first({ send: CHILD }) },
  { what: 'suspension', write: 'suspended', nth: 1, count: 1, plan: first({ sleep: 300 }) },
];

describe.each(SETTINGS)('S02 on %s, a process that outlived its lease', setting => {
  const trial = new Trial('S02', `on ${setting}, before each write`);
  let scene: Scene;

  beforeEach(async () => {
    scene = await Scene.open(setting, { spare: 2, trial });
  });

  afterAll(() => trial.report());

  afterEach(async () => {
    await scene.close();
  });

  async function stopped(zombie: WorkerProcess): Promise<void> {
    await until(`process ${zombie.pid} is stopped`, () => isStopped(zombie.pid), PATIENCE_MS);
  }

  async function answered(zombie: WorkerProcess, point: string): Promise<void> {
    await until('its write was answered', () => scene.ledger.points(zombie.pid).includes(point), PATIENCE_MS);
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
    await answered(zombie, `${write}:after`);
    await until('it knows that it lost its lease', () => hasLostLease(zombie), PATIENCE_MS);
    const after = await scene.records();

    expect(after.invocations).toEqual(before.invocations);
    expect(after.entries).toEqual(before.entries);
    expect(result).toEqual(JSON.parse(before.invocations[0]?.output ?? ''));
    expect(scene.ledger.begun('step')).toHaveLength(begun);
    await worksOn(zombie, heir);
    expect(await scene.conclude({ accepted: [], results: new Map() })).toEqual([]);
  });

  it.each(MODEL_WRITES)('has its $what refused', async ({ write, nth, count, plan, object }) => {
    const residency = { lease: '1s', sweepInterval: '100ms', residency: 0 } as const;
    const fault = { point: `${write}:before`, nth, action: 'stop' } as const;
    const zombie = await scene.start({ fault, worker: residency });
    const call = zombie.ask<string[]>({
      do: 'call',
      plan,
      key: 'key',
      ...(object !== undefined && { object }),
    });
    await stopped(zombie);
    const heir = await scene.start({ worker: residency });
    await over(count);
    const before = await scene.records();
    const begun = scene.ledger.begun('step').length;
    const log = object === undefined ? undefined : await heir.ask<string[]>({ do: 'log', object });

    zombie.thaw();
    const result = await call;
    await answered(zombie, `${write}:after`);
    await until('it knows that it lost its lease', () => hasLostLease(zombie), PATIENCE_MS);
    const after = await scene.records();

    expect(after.invocations).toEqual(before.invocations);
    expect(after.entries).toEqual(before.entries);
    expect(before.invocations.map(({ output }) => output)).toContain(JSON.stringify(result));
    if (object !== undefined) {
      expect(log).toEqual(['a', 'b']);
      expect(await heir.ask({ do: 'log', object })).toEqual(log);
    }
    expect(scene.ledger.begun('step')).toHaveLength(begun);
    await worksOn(zombie, heir);
    expect(await scene.conclude({ accepted: [], results: new Map() })).toEqual([]);
  });

  it('has its taking of a signal refused: the signal is given to its heir, once', async () => {
    const plan: Plan = { steps: ['one', 'two'].map(name => ({ name, first: { signal: 'go' } })) };
    const zombie = await scene.start();
    const id = await zombie.send(plan);
    await scene.witnessed('it is driven', lines => lines.some(({ what }) => what === 'handler'));
    const waits = async (): Promise<boolean> =>
      (await zombie.ask<unknown[]>({ do: 'journal', id })).length === 1;
    await until('it waits', waits, PATIENCE_MS);
    await zombie.arm('entry:before', 1, 'stop');
    await zombie.ask({ do: 'signal', id, name: 'go', value: 'first' });
    await stopped(zombie);
    const heir = await scene.start();
    await scene.witnessed('the heir has it', lines => lines.some(({ name }) => name === 'one first'));
    zombie.thaw();
    await answered(zombie, 'entry:after');
    await until('it knows that it lost its lease', () => hasLostLease(zombie), PATIENCE_MS);
    await zombie.ask({ do: 'signal', id, name: 'go', value: 'second' });
    const result = await heir.result(id);
    expect(result.map(token => token.split('#')[0])).toEqual(['one first', 'two second']);
    expect((await scene.records()).signals).toEqual([]);
    await worksOn(zombie, heir);
    expect(await scene.conclude({ accepted: [id], results: new Map([[id, result]]) })).toEqual([]);
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
