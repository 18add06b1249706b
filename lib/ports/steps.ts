import type { RetryPolicy } from '../engine/retry-policy.js';
import type { StepOptions } from '../options/decorator-options.js';
import type { ExecutionOptions } from '../options/execution-options.js';
import type { StepView } from './attempt-view.js';
import type { TransactionRules } from './transactions.js';

/** A step as it is called: what identifies it, its rules, and its body. */
export interface StepCall {
  readonly name: string;
  readonly retry: RetryPolicy;
  /** Milliseconds that one try may take; `undefined`: no limit. */
  readonly timeoutMs: number | undefined;
  /** That of a transaction of its own; `undefined`: it has none. */
  readonly transaction?: TransactionRules;
  /** The decorated method that the body is; `undefined`: it is a function. */
  readonly method?: StepMethod;
  /** Runs the body once: gives its result, or a promise of it; throws, or rejects, with what it throws. */
  run(step: StepView): unknown;
  /** What undoes it, given its result; `undefined` is given where it may have happened, or not. */
  readonly undo?: (result: unknown) => StepCall;
}

/** A method of a class instance. */
export type Method = (this: object, ...args: never[]) => unknown;

/** A method decorated as a step. */
export interface StepMethod {
  readonly key: string;
  readonly options: StepOptions;
  /** Carries the metadata of guards, interceptors, pipes and filters; within a step it is the body. */
  readonly method: Method;
}

/** Makes step calls of an application's methods and functions: its defaults and enhancers included. */
export interface StepCalls {
  ofMethod(instance: object, step: StepMethod, args: readonly unknown[]): StepCall;
  /** What is run as the body of a step: `body`, or what a test has put in its place. */
  bodyOf(instance: object, step: StepMethod, body: Method): Method;
  inline(name: string, body: () => unknown, options: StepOptions): StepCall;
  /** A function that undoes something. */
  compensation(name: string, body: () => unknown, options: ExecutionOptions): StepCall;
}
