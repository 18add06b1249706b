import type { EntryRef, Lease, ObjectRef } from './writes.js';

export interface ClaimRequest {
  readonly workerId: string;
  /** Services that the worker has; others are left alone. */
  readonly services: readonly string[];
}

/** An invocation under a fresh lease. */
export interface Claimed {
  readonly lease: Lease;
  readonly service: string;
  readonly handler: string;
  readonly input: string;
  readonly origin: string;
  /** Attempts that failed under the handler's retry policy so far. */
  readonly failedAttempts: number;
  /** Workers that died while they drove it, in a row without a new settled entry. */
  readonly deaths: number;
  /** Arrivals that its inbox has had. */
  readonly wakes: number;
  /** The call that waits for its outcome. */
  readonly parent: EntryRef | null;
  /** The object that it is addressed to. */
  readonly object: ObjectRef | null;
  /** Whether it has queued for its object, and has it for itself now. */
  readonly entered: boolean;
  /** Invocation whose random numbers it has, if it took its place; `null`: it has its own. */
  readonly seed: string | null;
  readonly createdAt: Date;
  /** State of the object that it has for itself, where the claim has read it: encoded values by name. */
  readonly state?: ReadonlyMap<string, string>;
}

export interface ClaimResult {
  readonly claimed: Claimed[];
  /** Ids that were asked for too early. */
  readonly early: DueHint[];
}

/** Enough to tell workers of an invocation: never its payload. */
export interface Hint {
  readonly id: string;
  readonly service: string;
}

export interface DueHint extends Hint {
  /** Milliseconds from now on. */
  readonly dueInMs: number;
}

/** What has become of those that were first in line. */
export interface Promoted {
  readonly claimed: Claimed[];
  readonly due: Hint[];
}

/** What is looked for among what is due. */
export interface DueRequest {
  readonly limit: number;
  readonly overdueMs: number;
  /** Leaves out what has been due for longer. @default null nothing */
  readonly sinceMs?: number | null;
  /** Whether to say when the next one will be due. @default false */
  readonly next?: boolean;
}

/** What was due and is claimed now. */
export interface DueClaims {
  readonly claimed: Claimed[];
  /** How long ago the last of them was due. */
  readonly dueAgoMs: number | undefined;
  /** Milliseconds until the next one is due, of those that are not yet; `undefined` if there is none. */
  readonly nextInMs: number | undefined;
}
