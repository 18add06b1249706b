import { jest } from '@jest/globals';
import { CASES, type KillCase, SETTINGS } from './support/kill-cases.js';
import { KillChain } from './support/kill-chain.js';
import type { Setting } from './support/scene.js';
import { Trial } from './support/trial.js';

jest.setTimeout(240_000);

/**
 * One process after the other: each is killed with SIGKILL at a named point, and the next one finishes what it left.
 * The points are before and after every commit of the path, and before and after a step's body.
 */
const chains = new Map<Setting, KillChain[]>();
const trials = new Map(
  SETTINGS.map(setting => [setting, new Trial('S03', `on ${setting}, on the path of an invocation`)]),
);
/** As many chains at once on each setting: to open the embedded database takes longer than to connect to a server. */
const CHAINS: Readonly<Record<Setting, number>> = { embedded: 3, postgres: 1, 'postgres+redis': 1 };

const casesOn = (setting: Setting): readonly KillCase[] =>
  CASES.filter(({ settings }) => settings.includes(setting));
const chainOf = (setting: Setting, one: KillCase): number => casesOn(setting).indexOf(one) % CHAINS[setting];

// All at once: most of the time goes by in waiting for leases.
beforeAll(async () => {
  for (const setting of SETTINGS) {
    const shares = Array.from({ length: CHAINS[setting] }, (_, at) =>
      casesOn(setting).filter(one => chainOf(setting, one) === at),
    );
    chains.set(
      setting,
      await Promise.all(shares.map(share => KillChain.start(setting, share, trials.get(setting)!))),
    );
  }
});

afterAll(async () => {
  await Promise.all([...chains.values()].flat().map(chain => chain.close()));
});

describe.each(SETTINGS)('S03 on %s, a process killed', setting => {
  const trial = trials.get(setting)!;

  afterAll(() => trial.report());

  it.each(casesOn(setting))('at $name: $rule', async one => {
    const { executions, attempts } = one;
    trial.count('commit points');
    trial.count('steps repeated', executions.filter(count => count > 1).length);
    expect(await chains.get(setting)?.[chainOf(setting, one)]?.witnessed(one)).toEqual({
      executions,
      attempts,
    });
  });

  it('leaves nothing behind when the last one has ended', async () => {
    const left = await Promise.all(chains.get(setting)?.map(chain => chain.conclude()) ?? []);
    expect(left).toEqual(Array.from({ length: CHAINS[setting] }, () => []));
  });
});
