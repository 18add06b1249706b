import { DEFAULT_STEP_RETRY } from '../engine/retry-policy.js';
import type { Isolation, TransactionRules } from '../ports/transactions.js';
import { fields, invalid, oneOf } from './check.js';
import { type CompensateOptions, type ResolvedCompensate, resolveCompensate } from './compensate-options.js';
import {
  type ExecutionOptions,
  type ResolvedExecution,
  resolveExecutionFields,
} from './execution-options.js';
import { assertName } from './names.js';

/** Options of `@DurableService()`. */
export interface DurableServiceOptions {
  /**
   * What journals and other applications call it: 1 to 128 of A-Z, a-z, 0-9, `_`, `.` and `-`.
   * @default the name of the class
   */
  readonly name?: string;
}

/** Options of `@VirtualObject()`. */
export type VirtualObjectOptions = DurableServiceOptions;

/** Options of `@Handler()` and `@Shared()`. `timeout` is that of one attempt. */
export interface HandlerOptions extends ExecutionOptions {
  /** As a service's. @default the name of the method */
  readonly name?: string;
}

/** Options of `@Step()` and of an inline step. `timeout` is that of one try. */
export interface StepOptions extends ExecutionOptions {
  /** What the journal calls it: up to 256 printable characters. @default `Class.method` */
  readonly name?: string;
  /**
   * Runs it in a transaction of its own, which its result is committed with: what it does through the application's
   * TypeORM `DataSource` is done exactly once. Needs that `DataSource` as the option `postgres` of the module. One try
   * then takes 10 s at the most, unless a `timeout` is set.
   * @default false
   */
  readonly transaction?: boolean | StepTransactionOptions;
  /**
   * Name of a method of the same class that undoes it: it is run if the invocation ends badly, with the arguments of the
   * step and then its result. `{ method, retry, timeout }` says how; 10 tries by default. Of `@Step()` only.
   */
  readonly compensate?: string | CompensateOptions;
}

/** Options of an inline step. */
export type InlineStepOptions = Omit<StepOptions, 'name' | 'compensate'>;

/** The transaction of a step. */
export interface StepTransactionOptions {
  /** @default what the DataSource begins its transactions with */
  readonly isolation?: Isolation;
}

const SERVICE: Readonly<Record<keyof DurableServiceOptions, true>> = { name: true };
const METHOD: Readonly<Record<keyof HandlerOptions & keyof StepOptions, true>> = {
  name: true,
  retry: true,
  timeout: true,
};
const INLINE: Readonly<Record<keyof InlineStepOptions, true>> = {
  retry: true,
  timeout: true,
  transaction: true,
};
const STEP: Readonly<Record<keyof StepOptions, true>> = { ...METHOD, transaction: true, compensate: true };
const TRANSACTION: Readonly<Record<keyof StepTransactionOptions, true>> = { isolation: true };
const ISOLATIONS: readonly Isolation[] = ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'];
/** It has locks and a connection, which others wait for. */
const TRANSACTION_TIMEOUT_MS = 10_000;

/** How a step is executed, with nothing left open. */
export interface ResolvedStep extends ResolvedExecution {
  readonly transaction?: TransactionRules;
  readonly compensate?: ResolvedCompensate;
}

/** Fits any delay, so that only what a decorator says by itself is judged where the module's defaults are unknown. */
const ANY: ResolvedExecution = {
  retry: { ...DEFAULT_STEP_RETRY, initialDelayMs: 0, maxDelayMs: Infinity },
  timeoutMs: undefined,
};

/**
 * Checks options of `@DurableService()` and `@VirtualObject()`.
 * @param where what they stand on, as `@DurableService() OrderService`
 * @throws InvalidOptionError, InvalidNameError
 */
export function validateServiceOptions(options: unknown, where: string): void {
  const { name } = fields<DurableServiceOptions>(options, `${where}: `, SERVICE);
  if (name !== undefined) assertName('service', name, where);
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
 * Checks options of an inline step, which has its name and its compensation elsewhere.
 * @throws InvalidOptionError, InvalidDurationError
 */
export function validateInlineOptions(options: unknown, where: string): void {
  fields<InlineStepOptions>(options, `${where}: `, INLINE);
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
  if (given.name !== undefined) assertName('handler', given.name, where);
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
): ResolvedStep {
  const given = fields<StepOptions>(options, `${where}: `, STEP);
  if (given.name !== undefined) assertName('step', given.name, where);
  const execution = resolveExecutionFields(given, `${where}: `, defaults);
  const transaction = transactionField(given.transaction, `${where}: transaction`);
  const compensate =
    given.compensate === undefined ? undefined : resolveCompensate(given.compensate, `${where}: compensate`);
  if (!transaction && !compensate) return execution;
  const timeoutMs =
    execution.timeoutMs ?? (transaction && given.timeout !== false ? TRANSACTION_TIMEOUT_MS : undefined);
  return Object.freeze({
    ...execution,
    timeoutMs,
    ...(transaction && { transaction }),
    ...(compensate && { compensate }),
  });
}

function transactionField(value: unknown, path: string): TransactionRules | undefined {
  if (value === undefined || value === false) return undefined;
  if (value === true) return { isolation: undefined };
  if (typeof value !== 'object' || value === null) throw invalid(path, value, 'true, false or { isolation }');
  const { isolation } = fields<StepTransactionOptions>(value, path, TRANSACTION);
  if (isolation === undefined) return { isolation };
  return { isolation: oneOf<Isolation>(isolation, `${path}.isolation`, ISOLATIONS, 'READ COMMITTED') };
}
