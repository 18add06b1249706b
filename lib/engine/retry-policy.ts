import { RetryableError, TerminalError } from '../errors/execution.errors.js';

/** How the delay between tries grows. */
export type Backoff = 'exponential' | 'linear' | 'fixed';

/** A class of errors, also an abstract one or one with a private constructor. */
export type ErrorClass = abstract new (...args: never[]) => Error;

/** When and how often something that failed is tried again. All times are milliseconds. */
export interface RetryPolicy {
  /** Tries in all, the first included; `Infinity`: without end. */
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  readonly initialDelayMs: number;
  readonly maxDelayMs: number;
  /** What each delay of an exponential backoff is multiplied by. */
  readonly factor: number;
  /** Whether a delay is spread at random between its half and its whole. */
  readonly jitter: boolean;
  /** Says of an error that is not terminal anyway whether to try again. If it throws, the answer is yes. */
  readonly retryIf: ((error: unknown) => boolean) | undefined;
  /** Errors that end the tries: classes, or what `code` or `name` of the error is. */
  readonly nonRetryable: readonly (ErrorClass | string)[];
}

/** What an error means for the next try. */
export interface Classification {
  /** Whether there is no next try, whatever the policy's count says. */
  readonly terminal: boolean;
  /** Least delay before the next try, in milliseconds, if the error asks for one. */
  readonly retryAfterMs?: number;
}

/** Policy of a step that says nothing else. */
export const DEFAULT_STEP_RETRY: RetryPolicy = Object.freeze({
  maxAttempts: 5,
  backoff: 'exponential',
  initialDelayMs: 500,
  maxDelayMs: 60_000,
  factor: 2,
  jitter: true,
  retryIf: undefined,
  nonRetryable: Object.freeze([]),
});

/** Policy of a handler that says nothing else. */
export const DEFAULT_HANDLER_RETRY: RetryPolicy = Object.freeze({
  ...DEFAULT_STEP_RETRY,
  maxAttempts: 3,
  initialDelayMs: 1_000,
});

/** Policy of a compensation that says nothing else: who has to undo something is patient. */
export const DEFAULT_COMPENSATION_RETRY: RetryPolicy = Object.freeze({
  ...DEFAULT_STEP_RETRY,
  maxAttempts: 10,
});

/**
 * Milliseconds to wait after so many failures; `undefined` if there is to be no other try.
 * @param failures failed tries so far, 1 or more
 * @param random a number from 0 (included) to 1 (excluded)
 */
export function nextDelay(policy: RetryPolicy, failures: number, random: number): number | undefined {
  if (failures >= policy.maxAttempts) return undefined;
  const delay = Math.min(plainDelay(policy, Math.max(1, failures)), policy.maxDelayMs);
  return Math.round(policy.jitter ? delay * (0.5 + random / 2) : delay);
}

function plainDelay(policy: RetryPolicy, failures: number): number {
  // Infinity times 0 is NaN, so an initial delay of 0 never meets the power.
  if (policy.initialDelayMs === 0) return 0;
  switch (policy.backoff) {
    case 'exponential':
      return policy.initialDelayMs * policy.factor ** (failures - 1);
    case 'linear':
      return policy.initialDelayMs * failures;
    case 'fixed':
      return policy.initialDelayMs;
  }
}

/** Codes of our own errors that come again however often it is tried. */
const TERMINAL_CODES: ReadonlySet<string> = new Set([
  'DURABLE_TERMINAL',
  'DURABLE_CANCELLED',
  'DURABLE_AWAKEABLE_COMPLETED',
  'DURABLE_AWAKEABLE_NOT_FOUND',
  'DURABLE_CALL_IN_TRANSACTION',
  'DURABLE_CORRUPT_VALUE',
  'DURABLE_DEADLINE_EXCEEDED',
  'DURABLE_DEADLOCK',
  'DURABLE_DUPLICATE_NAME',
  'DURABLE_DUPLICATE_SCHEDULE',
  'DURABLE_IDEMPOTENCY_CONFLICT',
  'DURABLE_INSIDE_STEP',
  'DURABLE_INVALID_DECORATOR',
  'DURABLE_INVALID_DURATION',
  'DURABLE_INVALID_EVENT',
  'DURABLE_INVALID_NAME',
  'DURABLE_INVALID_OPTION',
  'DURABLE_INVALID_PATTERN',
  'DURABLE_INVALID_SCHEDULE',
  'DURABLE_INVOCATION_OVER',
  'DURABLE_JOURNAL_MISMATCH',
  'DURABLE_JOURNAL_TOO_LONG',
  'DURABLE_KILLED',
  'DURABLE_NESTED_TRANSACTION',
  'DURABLE_NOT_A_HANDLER',
  'DURABLE_NOT_REGISTERED',
  'DURABLE_NO_OBJECT',
  'DURABLE_OBJECT_KEY',
  'DURABLE_PAYLOAD_TOO_LARGE',
  'DURABLE_POISON',
  'DURABLE_SCHEDULE_DECLARED',
  'DURABLE_SCHEDULE_NOT_FOUND',
  'DURABLE_SHARED_STATE',
  'DURABLE_SURPLUS_ARGUMENTS',
  'DURABLE_TRANSACTION_UNAVAILABLE',
  'DURABLE_UNJOURNALED_AWAIT',
  'DURABLE_UNKNOWN_EVENT',
  'DURABLE_UNSERIALISABLE_VALUE',
  'DURABLE_UNUSABLE_ENHANCER',
  'DURABLE_WAIT_TIMEOUT',
]);

/**
 * Says what a thrown thing means for the next try. The first rule that fits decides:
 *
 * 1. `TerminalError`, and those of our own errors that would only come again, are terminal.
 * 2. `RetryableError` is tried again, after its `retryAfter` at the earliest.
 * 3. What `nonRetryable` names is terminal.
 * 4. An HTTP exception (it has `getStatus()`) with a status from 400 to 499 is terminal.
 * 5. `retryIf` decides about the rest; without it, all of the rest is tried again.
 */
export function classify(error: unknown, policy: RetryPolicy): Classification {
  const code = read(error, 'code');
  if (error instanceof TerminalError || (typeof code === 'string' && TERMINAL_CODES.has(code))) {
    return { terminal: true };
  }
  if (error instanceof RetryableError || code === 'DURABLE_RETRYABLE') {
    const retryAfterMs = read(error, 'retryAfterMs');
    return typeof retryAfterMs === 'number' ? { terminal: false, retryAfterMs } : { terminal: false };
  }
  const terminal =
    policy.nonRetryable.some(match => matches(error, match)) ||
    isClientError(error) ||
    !mayRetry(error, policy);
  return { terminal };
}

function matches(error: unknown, match: ErrorClass | string): boolean {
  if (typeof match === 'string') return read(error, 'code') === match || read(error, 'name') === match;
  return error instanceof match;
}

function isClientError(error: unknown): boolean {
  try {
    const getStatus = (error as { getStatus?: unknown } | null | undefined)?.getStatus;
    const status: unknown = typeof getStatus === 'function' ? getStatus.call(error) : undefined;
    return typeof status === 'number' && status >= 400 && status < 500;
  } catch {
    return false;
  }
}

function mayRetry(error: unknown, policy: RetryPolicy): boolean {
  try {
    return policy.retryIf?.(error) ?? true;
  } catch {
    return true;
  }
}

/** A property of something thrown, which may be anything at all. */
function read(thrown: unknown, key: string): unknown {
  try {
    return (thrown as Record<string, unknown> | null | undefined)?.[key];
  } catch {
    return undefined;
  }
}
