import type { JournalEntry, Outcome } from '../engine/entry.js';
import type { Settled } from '../ports/store.js';
import type { Ready } from './deliveries.js';

/** Where an operation stands in its journal. */
export interface Place {
  readonly index: number;
  readonly calledAfter: number;
  /** What the journal has of it, without an outcome. */
  readonly open: JournalEntry | undefined;
}

/**
 * What an execution does. `body`: it runs code of the application, whose result would be lost; `busy`: it works;
 * `waiting`: nothing happens until a time is over, or something arrives.
 */
export type Phase = 'body' | 'busy' | 'waiting';

/** Executes a durable operation until it has an outcome. */
export interface Execution {
  readonly phase: Phase;
  /** While it waits: milliseconds until it goes on by itself; `Infinity`: it does not. */
  readonly remainingMs: number;
  /** Whether its outcome is being committed, so that it has no other any more. */
  readonly isCommitting?: boolean;
  /** Resolves to its outcome, or to `undefined` if it was stopped. */
  run(): Promise<Ready | undefined>;
  /** It has this outcome, whatever it does still. Without it none can be given to it: it is done in any case. */
  settled?(settlement: Settlement): Ready;
  /** User code has turned away from it with an error: who still completes it from outside is to know. */
  giveUp?(error: Error): void;
  /** Ends it without an outcome; what it runs is told through its signal. */
  stop(reason: () => Error): void;
}

/** How something ended outside of the attempt: encoded. */
export interface Settlement {
  readonly outcome: Outcome;
  readonly value: string;
}

/** The outcome of a call, of how the invocation ended that was called. */
export function settlementOf({ status, output, error }: Settled): Settlement {
  return status === 'completed'
    ? { outcome: 'ok', value: output ?? '' }
    : { outcome: 'error', value: error ?? '' };
}
