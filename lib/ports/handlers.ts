import type { RetryPolicy } from '../engine/retry-policy.js';
import type { AttemptView } from './attempt-view.js';
import type { Subscription } from './events.js';

/** What a worker can run: the durable handlers of its application, each by service and name. */
export interface Handlers {
  readonly services: readonly string[];
  /** Events that they are for. */
  readonly subscriptions: readonly Subscription[];
  find(service: string, handler: string): HandlerDefinition | undefined;
}

/** How a handler is run: of a plain service, or of a virtual object, alone on its key or beside others. */
export type HandlerKind = 'service' | 'exclusive' | 'shared';

/** What a call is addressed to. */
export interface Target {
  readonly service: string;
  readonly handler: string;
  readonly kind: HandlerKind;
  /** Refuses bad arguments, where this application has the handler: throws, or gives a promise that may reject. */
  admit?(args: readonly unknown[]): Promise<unknown> | undefined;
}

export interface HandlerDefinition {
  readonly service: string;
  readonly handler: string;
  readonly kind: HandlerKind;
  readonly retry: RetryPolicy;
  /** Milliseconds that one attempt may take; `undefined`: no limit. */
  readonly timeoutMs: number | undefined;
  /** Runs the handler for an attempt, with all that the application puts around it: gives, throws or promises its end. */
  invoke(attempt: AttemptView, args: readonly unknown[]): unknown;
}
