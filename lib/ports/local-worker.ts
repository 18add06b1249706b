import type { Awoken, Claimed } from './store.js';

/** The worker of this process, as a client sees it: an invocation can be born leased to it. */
export interface LocalWorker {
  /** Name under which it claims now. */
  readonly workerId: string;
  /** Invocations that it drives and that do not merely wait. */
  readonly busy: readonly string[];
  /** Takes a place for an invocation that is about to be accepted; whether there was one. */
  reserve(): boolean;
  /** Uses a reserved place, or gives it back when there is nothing to drive. */
  adopt(claimed: Claimed | undefined): void;
  /** Whether it drives an invocation. */
  drives(id: string): boolean;
  /** An invocation is being accepted that is to be over in so many milliseconds. */
  expectDeadline(inMs: number): void;
  /** Something arrived for invocations that it drives, or drove. */
  wake(awoken: readonly Pick<Awoken, 'id' | 'wakes'>[]): void;
}

/** A process that does not work. */
export const NO_WORKER: LocalWorker = {
  workerId: '',
  busy: [],
  reserve: () => false,
  adopt: () => undefined,
  drives: () => false,
  expectDeadline: () => undefined,
  wake: () => undefined,
};
