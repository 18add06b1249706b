import type { Setting } from './scene.js';

/** How a process is brought to a fault point, and what must have been executed in the end. */
export interface KillCase {
  /** `point:n` */
  readonly name: string;
  readonly point: string;
  readonly nth: number;
  readonly story: Story;
  readonly settings: readonly Setting[];
  /** How often the bodies of the three steps were begun in all. */
  readonly executions: readonly [number, number, number];
  /** How often the handler was begun. */
  readonly attempts: number;
  readonly rule: string;
}

/**
 * - `call`: a client's own process works on its call;
 * - `claim`: a due time comes, and the invocation is claimed;
 * - `sweep`: a fresh process finds what is due;
 * - `reap`: a fresh process takes away what a killed one had, killed in the body of the first step;
 * - `release`: a process that is asked to end gives back what it has not finished;
 * - `backing_off`: the first attempt fails;
 * - `retry`: a failed invocation is run again.
 */
export type Story = 'call' | 'claim' | 'sweep' | 'reap' | 'release' | 'backing_off' | 'retry';

export const SETTINGS: readonly Setting[] = ['embedded', 'postgres', 'postgres+redis'];
/** Where a process claims by announcement and by sweep one after the other, not both at once. */
const WITHOUT_REDIS: readonly Setting[] = ['embedded', 'postgres'];

type Row = readonly [
  name: string,
  story: Story,
  executions: readonly [number, number, number],
  attempts: number,
  settings?: readonly Setting[],
];

const ROWS: readonly Row[] = [
  ['accept:before:1', 'call', [1, 1, 1], 1],
  ['accept:after:1', 'call', [1, 1, 1], 1],
  ['claim:before:1', 'claim', [1, 1, 1], 1],
  ['claim:after:1', 'claim', [1, 1, 1], 1],
  ['sweep:before:1', 'sweep', [1, 1, 1], 1, WITHOUT_REDIS],
  ['sweep:after:1', 'sweep', [1, 1, 1], 1, WITHOUT_REDIS],
  ['step:before:1', 'call', [1, 1, 1], 2],
  ['step:after:1', 'call', [2, 1, 1], 2],
  ['step:before:3', 'call', [1, 1, 1], 2],
  ['step:after:3', 'call', [1, 1, 2], 2],
  ['entry:before:1', 'call', [2, 1, 1], 2],
  ['entry:after:1', 'call', [1, 1, 1], 2],
  ['entry:before:2', 'call', [1, 2, 1], 2],
  ['entry:after:2', 'call', [1, 1, 1], 2],
  // The last entry and the outcome share a commit.
  ['outcome:before:1', 'call', [1, 1, 2], 2],
  ['outcome:after:1', 'call', [1, 1, 1], 1],
  ['backing_off:before:1', 'backing_off', [1, 1, 2], 3],
  ['backing_off:after:1', 'backing_off', [1, 1, 1], 2],
  // The entry of the step in which it heard of the end and the release share a commit.
  ['release:before:1', 'release', [1, 2, 1], 2],
  ['release:after:1', 'release', [1, 1, 1], 2],
  ['reap:before:1', 'reap', [2, 1, 1], 2],
  ['reap:after:1', 'reap', [2, 1, 1], 2],
  ['retry:before:1', 'retry', [1, 1, 2], 2],
  ['retry:after:1', 'retry', [1, 1, 2], 2],
];

export const CASES: readonly KillCase[] = ROWS.map(
  ([name, story, executions, attempts, settings = SETTINGS]) => {
    const at = name.lastIndexOf(':');
    const repeated = executions.filter(count => count > 1).length;
    const rule = repeated === 0 ? 'no step is repeated' : 'one step is repeated';
    return {
      name,
      point: name.slice(0, at),
      nth: Number(name.slice(at + 1)),
      story,
      settings,
      executions,
      attempts,
      rule,
    };
  },
);
