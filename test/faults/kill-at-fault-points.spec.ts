import { jest } from '@jest/globals';
import { CASES, SETTINGS } from './support/kill-cases.js';
import { KillChain } from './support/kill-chain.js';
import type { Setting } from './support/scene.js';

jest.setTimeout(240_000);

/**
 * One process after the other: each is killed with SIGKILL at a named point, and the next one finishes what it left.
 * The points are before and after every commit of the path, and before and after a step's body.
 */
const chains = new Map<Setting, KillChain>();

// All at once: most of the time goes by in waiting for leases.
beforeAll(async () => {
  for (const setting of SETTINGS) {
    const cases = CASES.filter(({ settings }) => settings.includes(setting));
    chains.set(setting, await KillChain.start(setting, cases));
  }
});

afterAll(async () => {
  await Promise.all([...chains.values()].map(chain => chain.close()));
});

describe.each(SETTINGS)('on %s, a process killed', setting => {
  it.each(CASES.filter(({ settings }) => settings.includes(setting)))('at $name: $rule', async one => {
    const { executions, attempts } = one;
    expect(await chains.get(setting)?.witnessed(one)).toEqual({ executions, attempts });
  });

  it('leaves nothing behind when the last one has ended', async () => {
    expect(await chains.get(setting)?.conclude()).toEqual([]);
  });
});
