import { DEFAULT_STEP_RETRY } from '../engine/retry-policy.js';
import { fields } from './check.js';
import {
  type ExecutionOptions,
  type ResolvedExecution,
  resolveExecutionFields,
} from './execution-options.js';
import { assertHandlerName, assertServiceName, assertStepName } from './names.js';

/** Options of `@DurableService()`. */
export interface DurableServiceOptions {
  /**
   * What journals and other applications call it: 1 to 128 of A-Z, a-z, 0-9, `_`, `.` and `-`.
   * @default the name of the class
   */
  readonly name?: string;
}

/** Options of `@Handler()`. `timeout` is that of one attempt. */
export interface HandlerOptions extends ExecutionOptions {
  /** As a service's. @default the name of the method */
  readonly name?: string;
}

/** Options of `@Step()` and of an inline step. `timeout` is that of one try. */
export interface StepOptions extends ExecutionOptions {
  /** What the journal calls it: up to 256 printable characters. @default `Class.method` */
  readonly name?: string;
}

const SERVICE: Readonly<Record<keyof DurableServiceOptions, true>> = { name: true };
const METHOD: Readonly<Record<keyof HandlerOptions & keyof StepOptions, true>> = {
  name: true,
  retry: true,
  timeout: true,
};

/** Fits any delay, so that only what a decorator says by itself is judged where the module's defaults are unknown. */
const ANY: ResolvedExecution = {
  retry: { ...DEFAULT_STEP_RETRY, initialDelayMs: 0, maxDelayMs: Infinity },
  timeoutMs: undefined,
};

/**
 * Checks options of `@DurableService()`.
 * @param where what they stand on, as `@DurableService() OrderService`
 * @throws InvalidOptionError, InvalidNameError
 */
export function validateServiceOptions(options: unknown, where: string): void {
  const { name } = fields<DurableServiceOptions>(options, `${where}: `, SERVICE);
  if (name !== undefined) assertServiceName(name, where);
}

/**
 * Checks options of `@Handler()`, as far as that is possible without the module's defaults.
 * @param where what they stand on, as `@Handler() OrderService.checkout`
 * @throws InvalidOptionError, InvalidDurationError, InvalidNameError
 */
export function validateHandlerOptions(options: unknown, where: string): void {
  resolveHandlerOptions(options, ANY, where);
}

/**
 * Checks options of a step, as far as that is possible without the module's defaults.
 * @param where what they stand on, as `@Step() PaymentGateway.charge`
 * @throws InvalidOptionError, InvalidDurationError, InvalidNameError
 */
export function validateStepOptions(options: unknown, where: string): void {
  resolveStepOptions(options, ANY, where);
}

/**
 * How a handler is executed.
 * @param defaults those of the module
 * @throws InvalidOptionError, InvalidDurationError, InvalidNameError
 */
export function resolveHandlerOptions(
  options: unknown,
  defaults: ResolvedExecution,
  where = '@Handler()',
): ResolvedExecution {
  const given = fields<HandlerOptions>(options, `${where}: `, METHOD);
  if (given.name !== undefined) assertHandlerName(given.name, where);
  return resolveExecutionFields(given, `${where}: `, defaults);
}

/**
 * How a step is executed.
 * @param defaults those of the module
 * @throws InvalidOptionError, InvalidDurationError, InvalidNameError
 */
export function resolveStepOptions(
  options: unknown,
  defaults: ResolvedExecution,
  where = '@Step()',
): ResolvedExecution {
  const given = fields<StepOptions>(options, `${where}: `, METHOD);
  if (given.name !== undefined) assertStepName(given.name, where);
  return resolveExecutionFields(given, `${where}: `, defaults);
}
