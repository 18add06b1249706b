import { DEFAULT_COMPENSATION_RETRY } from '../engine/retry-policy.js';
import { fields, invalid } from './check.js';
import {
  type ExecutionOptions,
  type ResolvedExecution,
  resolveExecution,
  resolveExecutionFields,
} from './execution-options.js';

/** What undoes a step, and how patiently. */
export interface CompensateOptions extends ExecutionOptions {
  /** Name of a method of the same class. It gets the arguments of the step, and then its result. */
  readonly method: string;
}

/** What undoes a step, with nothing left open. */
export interface ResolvedCompensate extends ResolvedExecution {
  readonly method: string;
}

const KNOWN: Readonly<Record<keyof CompensateOptions, true>> = { method: true, retry: true, timeout: true };
const DEFAULTS: ResolvedExecution = { retry: DEFAULT_COMPENSATION_RETRY, timeoutMs: undefined };

/**
 * What undoes a step: a name of a method, or its name with how to execute it.
 * @throws InvalidOptionError, InvalidDurationError
 */
export function resolveCompensate(value: unknown, path: string): ResolvedCompensate {
  const given = typeof value === 'string' ? { method: value } : fields<CompensateOptions>(value, path, KNOWN);
  const { method } = given;
  if (typeof method !== 'string' || method === '') {
    throw invalid(
      typeof value === 'string' ? path : `${path}.method`,
      method,
      'the name of a method of the same class',
    );
  }
  return { method, ...resolveExecutionFields(given, path, DEFAULTS) };
}

/**
 * How a function is executed that undoes something.
 * @throws InvalidOptionError, InvalidDurationError
 */
export function resolveCompensation(options: unknown, path: string): ResolvedExecution {
  return resolveExecution(options, path, DEFAULTS);
}
