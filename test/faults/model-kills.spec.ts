import { jest } from '@jest/globals';
import { IS_FULL } from '../support/form.js';
import { SETTINGS } from './support/kill-cases.js';
import { CASES, type ModelCase } from './support/model-cases.js';
import { ModelChain } from './support/model-chain.js';
import { SeededRandom } from './support/random.js';
import type { Setting } from './support/scene.js';
import { Trial } from './support/trial.js';

jest.setTimeout(240_000);

/** Each setting's cases are gone through in as many chains at once: most of the time goes by in waiting for leases. */
const CHAINS = 3;
/**
 * `npm test` kills at half of the points on PostgreSQL, before one commit and after another, which ones changes from run to run; `DURABLE_TEST_FULL=1` at every
 * point on every setting.
 */
const TESTED = IS_FULL ? SETTINGS : SETTINGS.filter(setting => setting === 'postgres');
const TURN = SeededRandom.fromEnvironment().between(0, 1);
const CHOSEN: readonly ModelCase[] = CASES.filter((_, at) => IS_FULL || (at + (at >> 1)) % 2 === TURN);
const chains = new Map<Setting, ModelChain[]>();
const trials = new Map(
  TESTED.map(setting => [setting, new Trial('S03', `on ${setting}, in the programming model`)]),
);

beforeAll(async () => {
  for (const setting of TESTED) {
    const shares = Array.from({ length: CHAINS }, (_, at) => CHOSEN.filter((__, i) => i % CHAINS === at));
    chains.set(
      setting,
      await Promise.all(shares.map(share => ModelChain.start(setting, share, trials.get(setting)!))),
    );
  }
});

afterAll(async () => {
  await Promise.all([...chains.values()].flat().map(chain => chain.close()));
});

/** A process that is killed before and after each commit of what waits, talks to others, and owns state. */
describe.each(TESTED)('S03 on %s, a process killed', setting => {
  const trial = trials.get(setting)!;

  afterAll(() => trial.report());

  it.each(CHOSEN.map((one, at) => ({ ...one, at })))(
    'in $name: its successor finishes it, once',
    async one => {
      const left = await chains.get(setting)?.[one.at % CHAINS]?.left(one);
      trial.count('commit points');
      // A step whose result was not recorded runs again: those in flight, one of each invocation.
      const repeated = (left?.steps.length ?? 0) - one.steps.length;
      trial.count('steps repeated', repeated);
      expect([...new Set(left?.steps)].sort()).toEqual([...one.steps].sort());
      expect(repeated).toBeLessThanOrEqual((one.atOnce ?? 1) + (one.point.endsWith('before') ? 1 : 0));
      if (one.onObject) {
        const log = one.story === 'queue' || one.steps.length === 2 ? ['a', 'b'] : ['a'];
        expect(left?.log).toEqual(log);
      }
    },
  );

  it('leaves nothing behind when the last one has ended', async () => {
    for (const chain of chains.get(setting) ?? []) expect(await chain.conclude()).toEqual([]);
  });
});
