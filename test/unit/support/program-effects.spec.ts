import type { Act, Routine } from '../../apps/faults/program.js';
import { effectsOf } from '../../faults/support/program-effects.js';
import { generateProgram } from '../../faults/support/program-generator.js';

const add = (key: string, ...bys: number[]): Routine => ({ key, acts: bys.map(by => ({ do: 'add', by })) });

/** What comes of a routine, in the names of program `p`. */
function effects(routine: Routine) {
  const { outcome, state, invocations } = effectsOf('p', routine);
  return { outcome, state: Object.fromEntries(state), invocations: Object.fromEntries(invocations) };
}

describe('what comes of a program', () => {
  it('is the sum of what its acts give, and what its objects add up to', () => {
    const acts: Act[] = [
      { do: 'step', value: 5, failedTries: 2 },
      { do: 'call', routine: add('a', 1, 2), catches: false },
      { do: 'send', routine: add('a', 10), delay: 100 },
      { do: 'attach', routine: add('b', 20) },
      { do: 'line', key: 'b', name: 'line', length: 3 },
      { do: 'awakeable', value: 100, by: 'client' },
      { do: 'signals', name: 's', values: [200, 300], by: 'handler' },
      { do: 'race', branches: [[{ do: 'step', value: 1_000, failedTries: 0 }], [{ do: 'sleep', ms: 1 }]] },
    ];
    expect(effects({ acts })).toEqual({
      outcome: 5 + 3 + 20 + 100 + 500 + 1_000,
      state: { 'p at a': 13, 'p at b': 20, 'p line': 123 },
      invocations: {
        'Programs.follow': 1,
        'ProgramObjects.follow': 3,
        'ProgramObjects.note': 3,
        'Couriers.signal': 2,
      },
    });
  });

  it('takes back what a routine booked that fails, and what those booked that fail of it, and nothing else', () => {
    const fails: Routine = {
      acts: [
        { do: 'book', key: 'a', by: 7 },
        { do: 'call', routine: add('a', 1), catches: false },
      ],
      fails: 'no',
    };
    const acts: Act[] = [
      { do: 'book', key: 'b', by: 9 },
      { do: 'call', routine: fails, catches: false },
      { do: 'call', routine: add('c', 1), catches: false },
    ];
    expect(effects({ acts })).toEqual({
      outcome: 'no',
      state: { 'p at a': 1, 'p at b': 0 },
      // Each booking and what takes it back; of what follows a failure there is nothing.
      invocations: { 'Programs.follow': 2, 'ProgramObjects.follow': 1, 'ProgramObjects.add': 4 },
    });
    expect(effects({ acts: [acts[0] as Act, { do: 'call', routine: fails, catches: true }] })).toMatchObject({
      outcome: -1,
      state: { 'p at a': 1, 'p at b': 9 },
    });
  });
});

describe('random programs', () => {
  const programs = Array.from({ length: 400 }, (_, seed) => generateProgram(seed, 'n'));

  it('are the same for the same seed', () => {
    expect(programs).toEqual(Array.from({ length: 400 }, (_, seed) => generateProgram(seed, 'n')));
  });

  it('have every act, in some of them', () => {
    const text = JSON.stringify(programs);
    const acts: readonly Act['do'][] = [
      ...(['add', 'step', 'vain step', 'sleep', 'call', 'attach', 'send', 'line', 'book'] as const),
      ...(['awakeable', 'signals', 'give up', 'all', 'race', 'any'] as const),
    ];
    for (const act of acts) expect(text).toContain(`"do":"${act}"`);
  });

  it('go down by a layer with every call, so that nobody waits in a circle', () => {
    const layerOf = (key: string): number => Number(key.split('/')[1]?.split('.')[0]);
    const wrong: string[] = [];
    const see = (key: string, layer: number): void => {
      if (layerOf(key) !== layer) wrong.push(`${key} in layer ${layer}`);
    };
    const check = ({ key, acts }: Routine, layer: number): void => {
      if (key !== undefined) see(key, layer);
      acts.forEach(act => checkAct(act, layer));
    };
    const checkAct = (act: Act, layer: number): void => {
      if ('routine' in act) check(act.routine, layer + 1);
      if ('key' in act) see(act.key, layer + 1);
      if ('branches' in act) act.branches.flat().forEach(each => checkAct(each, layer));
    };
    for (const program of programs) check(program, 0);
    expect(wrong).toEqual([]);
  });

  it('end in many ways', () => {
    const outcomes = programs.map(program => typeof effectsOf('p', program).outcome);
    const failed = outcomes.filter(outcome => outcome === 'string').length;
    expect(failed).toBeGreaterThan(40);
    expect(failed).toBeLessThan(200);
  });
});
