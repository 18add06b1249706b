import { writeFile } from 'node:fs/promises';
import { jest } from '@jest/globals';
import { form } from '../support/form.js';
import type { WorkerOptions } from '../../lib/index.js';
import type { Plan } from '../apps/faults/protocol.js';
import type { InvocationRow } from './support/records.js';
import { hasLostLease, PATIENCE_MS, Scene, type Setting } from './support/scene.js';
import { until } from '../support/until.js';
import { Trial } from './support/trial.js';

jest.setTimeout(240_000);

const SETTINGS = form<readonly Setting[]>(
  ['embedded', 'postgres', 'postgres+redis'],
  ['embedded', 'postgres+redis'],
);
const WITH_OTHERS = SETTINGS.filter(setting => setting !== 'embedded');
const LEASE_MS = 1_000;
const WORKER: WorkerOptions = { lease: LEASE_MS, sweepInterval: '100ms' };

/** A step that computes for longer than the lease of its process, which can renew nothing meanwhile. */
describe('S15 a step that blocks the event loop past the lease', () => {
  const trial = new Trial('S15', 'for longer than the lease');
  let scene: Scene;

  afterAll(() => trial.report());

  afterEach(async () => {
    await scene.close();
  });

  it.each(SETTINGS)('keeps its lease on %s if nobody else is there to take it', async setting => {
    scene = await Scene.open(setting, { worker: WORKER, trial });
    const plan: Plan = { steps: [{ name: 'one', blockMs: 3 * LEASE_MS }, { name: 'two' }] };
    const worker = await scene.start();
    const ids = await Promise.all([
      worker.send(plan),
      worker.send({ steps: [{ name: 'one' }, { name: 'two' }] }),
    ]);
    const results = new Map<string, readonly string[]>();
    for (const id of ids) results.set(id, await worker.result(id));

    expect(ids.map(id => scene.ledger.executions(id, 'one'))).toEqual([1, 1]);
    expect(hasLostLease(worker)).toBe(false);
    expect(worker.log).toMatch(
      new RegExp(`blocked.* for \\d+ ms while step one of Plans\\.follow ${ids[0]}`),
    );
    expect(await scene.conclude({ accepted: ids, results })).toEqual([]);
  });

  it.each(WITH_OTHERS)('loses it on %s to another worker, says so, and has one outcome', async setting => {
    scene = await Scene.open(setting, { worker: WORKER, fleet: 2, trial });
    const plan: Plan = {
      steps: [{ name: 'one', blockUntil: scene.path('over'), unless: 'swift' }, { name: 'two' }],
    };
    const blocked = await scene.start();
    const call = blocked.call(plan, 'key');
    await scene.witnessed('the step is executed', lines => lines.some(({ what }) => what === 'step'));
    const heir = await scene.start({ open: ['swift'] });
    const completed = async (): Promise<boolean> =>
      (await scene.records()).invocations.every(({ status }) => status === 'completed');
    await until('the other one has completed it', completed, PATIENCE_MS);
    const before = await scene.records();
    await writeFile(scene.path('over'), '');

    const result = await call;
    await until('it says that it lost its lease', () => hasLostLease(blocked), PATIENCE_MS);
    const after = await scene.records();
    const [{ id }] = before.invocations as [InvocationRow];
    expect(blocked.log).toContain(
      `for more than ${LEASE_MS} ms? Meanwhile ran step one of Plans.follow ${id})`,
    );
    expect(result.every(token => token.includes(`#${heir.pid}.`))).toBe(true);
    expect(after.invocations).toEqual(before.invocations);
    expect(after.entries).toEqual(before.entries);
    expect(await scene.conclude({ accepted: [], results: new Map() })).toEqual([]);
  });
});
