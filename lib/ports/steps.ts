import type { RetryPolicy } from '../engine/retry-policy.js';
import type { StepOptions } from '../options/decorator-options.js';
import type { StepView } from './attempt-view.js';

/** A step as it is called: what identifies it, its rules, and its body. */
export interface StepCall {
  readonly name: string;
  readonly retry: RetryPolicy;
  /** Milliseconds that one try may take; `undefined`: no limit. */
  readonly timeoutMs: number | undefined;
  /** Runs the body once. */
  run(step: StepView): Promise<unknown>;
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
  inline(name: string, body: () => unknown, options: StepOptions): StepCall;
}
