import type { Events, Publication, Published } from './events.js';
import type { Target } from './handlers.js';
import type { StepCall, StepCalls } from './steps.js';
import type { Moment } from './writes.js';

/** Durable operations of an attempt, as decorators and `DurableContext` call them. Options are checked already. */
export interface DurableOperations {
  /** Makes the calls that {@link step} takes, of methods and functions of the application. */
  readonly steps: StepCalls;
  /** Finds what methods of classes are addressed to. */
  readonly targets: Targets;
  /** Reads what is to be published. */
  readonly events: Events;

  step(call: StepCall): Promise<unknown>;
  /** Has it run if the invocation ends badly. */
  compensate(call: StepCall): void;
  /** Resolves once the time is over, by the store's clock. */
  sleep(time: Moment): Promise<void>;
  /** Resolves to the result of a child, or rejects with what it failed with. */
  call(child: ChildCall, timeoutMs?: number): Promise<unknown>;
  /** Resolves to the id of a child. */
  send(child: ChildCall): Promise<string>;
  /** Resolves to what an event was accepted with. */
  publish(event: Publication): Promise<Published>;
  /** Resolves to the result of an invocation that exists already. */
  attach(id: string, timeoutMs?: number): Promise<unknown>;
  /** A promise that is settled from outside by its id. */
  awakeable(timeoutMs?: number): { readonly id: string; readonly promise: Promise<unknown> };
  /** Resolves to the value of the next signal of this name. */
  awaitSignal(name: string, timeoutMs?: number): Promise<unknown>;
  /** Has others see how far the invocation is. */
  set(name: string, value: unknown): void;
  /** The same on every replay. */
  now(): Date;
  /** From 0 (included) to 1 (excluded); the same on every replay. */
  random(): number;
  /** The same on every replay. */
  uuid(): string;
  /** The state of the object that the attempt belongs to. @throws NoObjectError; `what` names what was used */
  state(what: string): StateOperations;
}

/** The state of a virtual object, as a handler sees it. Values are copies. */
export interface StateOperations {
  get(name: string): unknown;
  /** @throws SharedStateError in a shared handler */
  set(name: string, value: unknown): void;
  /** @throws SharedStateError in a shared handler */
  delete(name: string): void;
  keys(): string[];
}

/** A call or send of a handler to another one. */
export interface ChildCall {
  readonly target: Target;
  readonly args: readonly unknown[];
  /** Key of the object; `undefined`: it is a plain service. */
  readonly key: string | undefined;
  readonly idempotencyKey: string | undefined;
  /** The id that it is to have; without one, it follows from the entry or the `idempotencyKey`. */
  readonly id?: string;
  readonly delayMs: number;
  readonly at: Date | undefined;
  readonly deadline: Moment | undefined;
}

/** Finds what is addressed. */
export interface Targets {
  /** @throws NotRegisteredError, NotAHandlerError, UnknownHandlerError */
  find(service: abstract new (...args: never[]) => unknown, method: string): Target;
}
