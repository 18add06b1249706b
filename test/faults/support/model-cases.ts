import type { Plan, StepPlan } from '../../apps/faults/protocol.js';

/**
 * What is done with a plan:
 *
 * - `call`: a client's own process calls it;
 * - `signal`, `complete`: what it waits for is brought to it once it is suspended;
 * - `publish`: a client publishes it, and again under the same id once its process is dead;
 * - `queue`: another invocation has its object at first, and ends then;
 * - `delay`: it is accepted with a delay.
 */
export type ModelStory = 'call' | 'signal' | 'complete' | 'queue' | 'delay' | 'publish';

/** A program that waits, talks or owns, and the commits of it before and after which its process is killed. */
export interface Program {
  readonly feature: string;
  readonly plan: Plan;
  readonly story: ModelStory;
  /** Whether it is a handler of an object. */
  readonly onObject?: boolean;
  /** Steps that must have been run in the end, each once, by what is in their names. */
  readonly steps: readonly string[];
  /** Invocations of it that may be in a step when the process is killed. @default 1 */
  readonly atOnce?: number;
  /** Fault points, counted from when they matter: `suspended:1`. Each means before and after. */
  readonly commits: readonly string[];
}

/** A program whose process is killed at one point. */
export interface ModelCase extends Program {
  readonly name: string;
  readonly point: string;
  readonly nth: number;
}

const one: StepPlan = { name: 'one' };
const CHILD: Plan = { steps: [{ name: 'child' }] };
const HEARD: Plan = { steps: [{ name: 'heard' }] };
const SLEEPING: Plan = { steps: [{ name: 'child', first: { sleep: 60 } }] };

const FAILING: Plan = {
  fails: true,
  steps: [
    { name: 'a', undone: true },
    { name: 'b', undone: true },
  ],
};

const PROGRAMS: readonly Program[] = [
  {
    feature: 'sleep',
    plan: { steps: [one, { name: 'two', first: { sleep: 80 } }] },
    story: 'call',
    steps: ['one', 'two slept'],
    // How it is claimed when it is due, by its announcement or by a sweep, is a race: see kill-cases.ts for both.
    commits: ['entry:2', 'suspended:1', 'entry:3', 'outcome:1'],
  },
  {
    feature: 'call',
    plan: { steps: [one, { name: 'two', first: { call: SLEEPING } }] },
    story: 'call',
    steps: ['one', 'child slept', 'two of 1'],
    commits: ['accept:2', 'suspended:1', 'outcome:1', 'outcome:2'],
  },
  {
    feature: 'send',
    plan: { steps: [one, { name: 'two', first: { send: CHILD } }] },
    story: 'call',
    steps: ['one', 'child', 'two sent'],
    commits: ['accept:2', 'outcome:1', 'outcome:2'],
  },
  {
    feature: 'attach',
    plan: { steps: [one, { name: 'two', first: { attach: SLEEPING } }] },
    story: 'call',
    steps: ['one', 'child slept', 'two of 1'],
    commits: ['accept:2', 'attach:1', 'outcome:1', 'answer:1', 'outcome:2'],
  },
  {
    feature: 'signal',
    plan: { steps: [one, { name: 'two', first: { signal: 'go' } }] },
    story: 'signal',
    steps: ['one', 'two came'],
    commits: ['signal:1', 'entry:1', 'outcome:1'],
  },
  {
    feature: 'awakeable',
    plan: { steps: [one, { name: 'two', first: { awakeable: true } }] },
    story: 'complete',
    steps: ['one', 'asks', 'two came'],
    commits: ['completion:1', 'entry:1', 'outcome:1'],
  },
  {
    feature: 'object',
    plan: {
      steps: [
        { name: 'one', first: { append: 'a' } },
        { name: 'two', first: { append: 'b' } },
      ],
    },
    story: 'call',
    onObject: true,
    steps: ['one at 1', 'two at 2'],
    commits: ['accept:1', 'entry:1', 'entry:2', 'outcome:1'],
  },
  {
    feature: 'queue',
    plan: { steps: [{ name: 'one', first: { append: 'b' } }] },
    story: 'queue',
    onObject: true,
    steps: ['holds at 1', 'one at 2'],
    commits: ['accept:1', 'outcome:1', 'promote:1', 'outcome:2'],
  },
  {
    feature: 'delayed object',
    plan: { steps: [{ name: 'one', first: { append: 'a' } }] },
    story: 'delay',
    onObject: true,
    steps: ['one at 1'],
    commits: ['accept:1', 'enter:1', 'outcome:1'],
  },
  {
    feature: 'publish',
    plan: { steps: [one, { name: 'two', first: { publish: HEARD } }] },
    story: 'call',
    steps: ['heard by name', 'heard by predicate', 'one', 'two published'],
    atOnce: 3,
    // Of the invocation, of both that it publishes to, and of the one that the predicate sends.
    commits: ['subscribers:1', 'accept:2', 'accept:3', 'outcome:1', 'outcome:2'],
  },
  {
    feature: 'publish of a client',
    plan: HEARD,
    story: 'publish',
    steps: ['heard by name', 'heard by predicate'],
    atOnce: 2,
    commits: ['subscribers:1', 'accept:1', 'accept:2', 'outcome:1'],
  },
  {
    feature: 'saga',
    plan: { steps: [{ name: 'one', first: { fails: FAILING } }] },
    story: 'call',
    steps: ['a', 'b', 'undo b', 'undo a', 'one undone'],
    // Of the child: its first step's mark, its second step, how it ends, what is undone, its end.
    commits: ['entry:1', 'entry:2', 'entry:3', 'entry:4', 'outcome:1', 'outcome:2'],
  },
];

export const CASES: readonly ModelCase[] = PROGRAMS.flatMap(program =>
  program.commits.flatMap(commit =>
    ['before', 'after'].map(when => {
      const [part, nth] = commit.split(':') as [string, string];
      const name = `${program.feature}, ${part}:${when}:${nth}`;
      return { ...program, name, point: `${part}:${when}`, nth: Number(nth) };
    }),
  ),
);
