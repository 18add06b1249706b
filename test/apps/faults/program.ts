/**
 * A program: what one invocation does, and those that it calls or sends to, in three layers. Whoever calls is above
 * whom it calls, so that nobody waits in a circle. What comes of a program follows from it alone, whatever the order in
 * which things happen: see `test/faults/support/program-effects.ts`.
 */
export interface Routine {
  /** Key of the object that follows it; without one, a service does. */
  readonly key?: string;
  readonly acts: readonly Act[];
  /** How many attempts fail after the last act. */
  readonly failedAttempts?: number;
  /** Why it fails for good after the last act. */
  readonly fails?: string;
}

/** Who settles what a handler waits for. */
export type Bringer = 'client' | 'handler';

/** What a routine does next. It gives a number; that of the routine is their sum. */
export type Act =
  /** Adds to the counter that its object keeps for the program. */
  | { readonly do: 'add'; readonly by: number }
  /** Its first tries fail. */
  | { readonly do: 'step'; readonly value: number; readonly failedTries: number }
  /** A step that fails for good: {@link CAUGHT}. */
  | { readonly do: 'vain step' }
  | { readonly do: 'sleep'; readonly ms: number }
  /** Gives the routine's number. If it fails: {@link CAUGHT}, or this one fails too. */
  | { readonly do: 'call'; readonly routine: Routine; readonly catches: boolean }
  /** Sends, and waits for the result by its id. */
  | { readonly do: 'attach'; readonly routine: Routine }
  /** One way, `delay`: milliseconds. Gives 0. */
  | { readonly do: 'send'; readonly routine: Routine; readonly delay?: number }
  /** Sends 1, 2 … one way to an object that keeps them in their order. Gives 0. */
  | { readonly do: 'line'; readonly key: string; readonly name: string; readonly length: number }
  /** Adds to the counter of another object; undone if the routine fails. Gives 0. */
  | { readonly do: 'book'; readonly key: string; readonly by: number }
  | { readonly do: 'awakeable'; readonly value: number; readonly by: Bringer }
  /** As many signals of one name as there are values. */
  | {
      readonly do: 'signals';
      readonly name: string;
      readonly values: readonly number[];
      readonly by: Bringer;
    }
  /** Waits for what never comes, and gives up: {@link GIVEN_UP}. */
  | { readonly do: 'give up'; readonly on: 'awakeable' | 'signal' | 'race'; readonly ms: number }
  /** Branches at once. It waits for the first, with `race` and `any`, and for all of them in the end. */
  | { readonly do: 'all' | 'race' | 'any'; readonly branches: readonly (readonly Act[])[] };

export const CAUGHT = -1;
export const GIVEN_UP = 7;

/** Name of the counter that an object keeps for a program. */
export function counterName(program: string, key: string): string {
  return `${program} at ${key}`;
}

/** Name under which an object keeps a line of numbers. */
export function lineName(program: string, name: string): string {
  return `${program} ${name}`;
}
