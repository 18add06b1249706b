import { classify, nextDelay, type RetryPolicy } from '../engine/retry-policy.js';
import { isTerminal } from '../engine/status.js';
import { CancelledError } from '../errors/index.js';
import type { Codec, ErrorCodec } from '../ports/codec.js';
import type { Claimed, Settled, Transition } from '../ports/store.js';
import type { RecordedErrors } from './recorded-errors.js';

/** Where an attempt takes its invocation; what is left out is nothing. */
export type Ending = Pick<Transition, 'status'> & Partial<Omit<Transition, 'lease' | 'status'>>;

/** The end of a lease, of one that has its object for itself (`holds`) or not. */
export function transitionOf(
  { lease, wakes, parent }: Claimed,
  ending: Ending,
  { wakes: known = wakes, holds = null }: { readonly wakes?: number; readonly holds?: string | null } = {},
): Transition {
  // Written out: two spreads of such an object are what an empty invocation would spend most of its memory on.
  const { status, output = null, error = null, failedEntry = null } = ending;
  const { dueInMs = null, failedAttempt = false } = ending;
  const outcome = { status, output, error, failedEntry, dueInMs, failedAttempt };
  return { lease, ...outcome, wakes: known, parent, holds };
}

/** How the invocation ended, if a transition ended it. */
export function settledBy({ lease, status, output, error }: Transition): Settled | undefined {
  return isTerminal(status) ? { id: lease.invocationId, status, output, error } : undefined;
}

/** What the end of an attempt depends on. */
export interface EndingFacts {
  readonly claimed: Claimed;
  readonly retry: RetryPolicy;
  readonly recordedErrors: RecordedErrors;
  readonly codec: Codec;
  readonly errors: ErrorCodec;
}

/** The handler returned. A result that cannot be recorded fails the invocation. */
export function concludeValue(value: unknown, facts: EndingFacts): Ending {
  try {
    return { status: 'completed', output: facts.codec.encode(value) };
  } catch (error) {
    return concludeError(error, facts);
  }
}

/**
 * The handler threw. An error of its own is judged by the handler's retry policy; one that the journal gave it,
 * or that has such a one as its cause, is final: every replay would give it again.
 */
export function concludeError(error: unknown, facts: EndingFacts): Ending {
  const encoded = facts.errors.encode(error);
  const failedEntry = recordedCause(error, facts.recordedErrors);
  if (failedEntry !== undefined) {
    const isOwn = error instanceof CancelledError && error.invocationId === facts.claimed.lease.invocationId;
    return { status: isOwn ? 'cancelled' : 'failed', error: encoded, failedEntry };
  }
  const { terminal, retryAfterMs = 0 } = classify(error, facts.retry);
  const failures = facts.claimed.failedAttempts + 1;
  const delay = terminal ? undefined : nextDelay(facts.retry, failures, Math.random());
  if (delay === undefined) return { status: 'failed', error: encoded, failedAttempt: true };
  return {
    status: 'backing_off',
    error: encoded,
    dueInMs: Math.max(delay, retryAfterMs),
    failedAttempt: true,
  };
}

/** Bounds the walk along `cause`, which user code may have made a circle. */
const LONGEST_CHAIN = 16;

function recordedCause(error: unknown, recorded: RecordedErrors): number | undefined {
  let current = error;
  for (let depth = 0; depth < LONGEST_CHAIN && typeof current === 'object' && current !== null; depth++) {
    const index = recorded.indexOf(current);
    if (index !== undefined) return index;
    current = (current as { cause?: unknown }).cause;
  }
  return undefined;
}
