import type { RetryPolicy } from '../engine/retry-policy.js';
import type { AttemptView } from './attempt-view.js';

/** What a worker can run: the durable handlers of its application, each by service and name. */
export interface Handlers {
  readonly services: readonly string[];
  find(service: string, handler: string): HandlerDefinition | undefined;
}

export interface HandlerDefinition {
  readonly service: string;
  readonly handler: string;
  readonly retry: RetryPolicy;
  /** Milliseconds that one attempt may take; `undefined`: no limit. */
  readonly timeoutMs: number | undefined;
  /** Runs the handler for an attempt, with all that the application puts around it. */
  invoke(attempt: AttemptView, args: readonly unknown[]): Promise<unknown>;
}
