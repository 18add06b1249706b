import type { Backoff, ErrorClass, RetryPolicy } from '../engine/retry-policy.js';
import { InvalidOptionError } from '../errors/options.errors.js';
import { duration, fields, flag, invalid, join, type Path } from './check.js';
import type { Duration } from './duration.js';

/** When and how often something that failed is tried again. What is left out is as in the module's options. */
export interface RetryOptions {
  /**
   * Tries in all, the first included: 1 means no retry, `Infinity` without end.
   * @default 5 for a step, 3 for a handler
   */
  readonly maxAttempts?: number;
  /**
   * How the delay grows: `exponential` (times `factor` each time), `linear` (once, twice, three times the initial
   * delay), or `fixed`.
   * @default 'exponential'
   */
  readonly backoff?: Backoff;
  /** Delay before the second try. @default '500ms' for a step, '1s' for a handler */
  readonly initialDelay?: Duration;
  /** The longest delay. @default '1m' */
  readonly maxDelay?: Duration;
  /** What each delay of an exponential backoff is multiplied by, from 1 to 100. @default 2 */
  readonly factor?: number;
  /** Whether each delay is spread at random between its half and its whole. @default true */
  readonly jitter?: boolean;
  /**
   * Says whether to try again. Not asked about errors that are terminal anyway: `TerminalError`, HTTP exceptions
   * with a status from 400 to 499, and what `nonRetryable` names. If it throws, the answer is yes.
   */
  readonly retryIf?: (error: unknown) => boolean;
  /** Errors that end the tries: classes, or what `code` or `name` of the error is. */
  readonly nonRetryable?: readonly (ErrorClass | string)[];
}

const KNOWN: Readonly<Record<keyof RetryOptions, true>> = {
  maxAttempts: true,
  backoff: true,
  initialDelay: true,
  maxDelay: true,
  factor: true,
  jitter: true,
  retryIf: true,
  nonRetryable: true,
};

const BACKOFFS: Readonly<Record<Backoff, true>> = { exponential: true, linear: true, fixed: true };
const MOST_ATTEMPTS = 1_000_000;
const MOST_FACTOR = 100;

/**
 * The policy that options ask for.
 * @param base what holds for options that are left out
 * @throws InvalidOptionError, InvalidDurationError
 */
export function resolveRetry(options: unknown, path: Path, base: RetryPolicy): RetryPolicy {
  if (options === undefined) return base;
  const given = fields<RetryOptions>(options, path, KNOWN);
  const policy: RetryPolicy = {
    maxAttempts: maxAttempts(given.maxAttempts, join(path, 'maxAttempts'), base.maxAttempts),
    backoff: backoff(given.backoff, join(path, 'backoff'), base.backoff),
    initialDelayMs: duration(given.initialDelay, join(path, 'initialDelay'), 0, base.initialDelayMs),
    maxDelayMs: duration(given.maxDelay, join(path, 'maxDelay'), 0, base.maxDelayMs),
    factor: factor(given.factor, join(path, 'factor'), base.factor),
    jitter: flag(given.jitter, join(path, 'jitter'), base.jitter),
    retryIf: retryIf(given.retryIf, join(path, 'retryIf')) ?? base.retryIf,
    nonRetryable: nonRetryable(given.nonRetryable, join(path, 'nonRetryable')) ?? base.nonRetryable,
  };
  // An inherited initial delay is simply capped; one that is asked for and can never be is a mistake.
  if (given.initialDelay !== undefined && policy.initialDelayMs > policy.maxDelayMs) {
    const problem = `is longer than maxDelay (${policy.maxDelayMs} ms)`;
    throw new InvalidOptionError(join(path, 'initialDelay'), problem, 'up to maxDelay; raise that too');
  }
  return Object.freeze(policy);
}

function maxAttempts(value: unknown, path: Path, fallback: number): number {
  if (value === undefined) return fallback;
  const counted = Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST_ATTEMPTS;
  if (counted || value === Infinity) return value as number;
  throw invalid(path, value, `a whole number from 1 to ${MOST_ATTEMPTS}, or Infinity`);
}

function backoff(value: unknown, path: Path, fallback: Backoff): Backoff {
  if (value === undefined) return fallback;
  if (typeof value === 'string' && Object.hasOwn(BACKOFFS, value)) return value as Backoff;
  throw invalid(path, value, Object.keys(BACKOFFS).join(', '));
}

function factor(value: unknown, path: Path, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value === 'number' && value >= 1 && value <= MOST_FACTOR) return value;
  throw invalid(path, value, `a number from 1 to ${MOST_FACTOR}`);
}

function retryIf(value: unknown, path: Path): RetryPolicy['retryIf'] {
  if (value === undefined || typeof value === 'function') return value as RetryPolicy['retryIf'];
  throw invalid(path, value, 'a function from an error to true or false');
}

function nonRetryable(value: unknown, path: Path): RetryPolicy['nonRetryable'] | undefined {
  if (value === undefined) return undefined;
  const allowed = 'a list of error classes, codes and names';
  if (!Array.isArray(value)) throw invalid(path, value, allowed);
  value.forEach((match: unknown, index) => {
    const usable =
      typeof match === 'string' ? match.length > 0 : typeof match === 'function' && 'prototype' in match;
    if (!usable) throw invalid(`${path}[${index}]`, match, 'an error class, a code or a name');
  });
  return Object.freeze([...(value as (ErrorClass | string)[])]);
}
