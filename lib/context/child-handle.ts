import type { Arguments, MethodNames, Result } from '../client/typed-calls.js';
import type { WaitOptions } from '../options/wait-options.js';

/** An invocation that a handler sent. Its functions need no `this`. */
export interface ChildHandle<R = unknown> {
  readonly id: string;

  /**
   * Waits for its outcome: a durable operation, the same as `DurableContext.attach(id)`.
   * @throws what its handler failed with; WaitTimeoutError (DURABLE_WAIT_TIMEOUT) when the time is over
   */
  readonly result: (options?: WaitOptions) => Promise<R>;
}

/** The handlers of a service, each as a one-way durable call of a handler. */
export type ChildSends<T> = {
  readonly [K in MethodNames<T>]: (...args: Arguments<T[K]>) => Promise<ChildHandle<Result<T[K]>>>;
};

/** A promise that is settled from outside, by its id. */
export interface Awakeable<T = unknown> {
  /** Whoever has it can settle the promise: `DurableClient.resolveAwakeable(id, value)`. Safe in URLs and mails. */
  readonly id: string;
  readonly promise: Promise<T>;
}
