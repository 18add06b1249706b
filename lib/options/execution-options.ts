import type { RetryPolicy } from '../engine/retry-policy.js';
import { durationOrFalse, fields, join, type Path } from './check.js';
import type { Duration } from './duration.js';
import { resolveRetry, type RetryOptions } from './retry-options.js';

/** How something is executed. What is left out is as one level above: decorator, module, built-in default. */
export interface ExecutionOptions {
  /** When it is tried again. */
  readonly retry?: RetryOptions;
  /** How long one try may take; `false`: without limit. @default false */
  readonly timeout?: Duration | false;
}

/** How something is executed, with nothing left open. */
export interface ResolvedExecution {
  readonly retry: RetryPolicy;
  /** In milliseconds; `undefined`: without limit. */
  readonly timeoutMs: number | undefined;
}

const KNOWN: Readonly<Record<keyof ExecutionOptions, true>> = { retry: true, timeout: true };
const LEAST_TIMEOUT_MS = 1;

/** @throws InvalidOptionError, InvalidDurationError */
export function resolveExecution(options: unknown, path: Path, base: ResolvedExecution): ResolvedExecution {
  if (options === undefined) return base;
  return resolveExecutionFields(fields<ExecutionOptions>(options, path, KNOWN), path, base);
}

/** The same, of fields whose names are checked already. */
export function resolveExecutionFields(
  given: Readonly<Partial<Record<keyof ExecutionOptions, unknown>>>,
  path: Path,
  base: ResolvedExecution,
): ResolvedExecution {
  return Object.freeze({
    retry: resolveRetry(given.retry, join(path, 'retry'), base.retry),
    timeoutMs: durationOrFalse(given.timeout, join(path, 'timeout'), LEAST_TIMEOUT_MS, base.timeoutMs),
  });
}
