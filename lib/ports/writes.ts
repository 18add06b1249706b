import type { Outcome, Signature } from '../engine/entry.js';
import type { InvocationStatus } from '../engine/status.js';

/** The right to write for an invocation: the epoch of the claim that gave it. */
export interface Lease {
  readonly invocationId: string;
  readonly epoch: number;
}

/** A time by the store's clock: so many milliseconds from now, or a date. */
export type Moment = { readonly ms: number } | { readonly at: Date };

/** One entry of one invocation. */
export interface EntryRef {
  readonly invocationId: string;
  readonly index: number;
}

/** A virtual object. */
export interface ObjectRef {
  /** Stands for service and key in everything that is looked up. */
  readonly id: string;
  readonly key: string;
}

export interface NewInvocation {
  readonly id: string;
  readonly service: string;
  readonly handler: string;
  /** Encoded arguments. */
  readonly input: string;
  /** Name of the client process, to which the outcome is announced. */
  readonly origin: string;
  /** Milliseconds from now on until it is due. 0 if it is to run at once. */
  readonly delayMs: number;
  /** When it is due, if the user named a date; then `delayMs` does not count. */
  readonly at: Date | null;
  /** When it is to be over, from its acceptance on; `null`: there is no such time. */
  readonly deadline: Moment | null;
  /** Worker to which it is born leased, at epoch 1; `null`: it becomes due instead. */
  readonly owner: string | null;
  /** The invocation that asks for it, whose lease must hold; `null`: a client asks. */
  readonly parent: ParentRef | null;
  /** The object that it is addressed to; `null`: to a plain service. */
  readonly object: ObjectRef | null;
  /**
   * Whether it is to have its object for itself: without a delay it queues for it now, in the order of accepts; with
   * one, once it is claimed ({@link Store.enter}).
   */
  readonly exclusive: boolean;
}

/** The durable call or send that asks for an invocation. */
export interface ParentRef {
  readonly lease: Lease;
  /** Entry that the outcome is to settle; `null`: nobody waits for it. */
  readonly index: number | null;
}

export interface EntryWrite extends Signature {
  readonly lease: Lease;
  readonly index: number;
  readonly calledAfter: number;
  readonly seq: number | null;
  readonly outcome: Outcome | null;
  readonly value: string | null;
  readonly tries: number;
  readonly dueInMs: number | null;
  /** When it is due, if the user named a date; then `dueInMs` does not count. */
  readonly at?: Date | undefined;
  readonly durationMs: number | null;
  /** Change of an object's state that is made with it. */
  readonly state?: StateWrite | undefined;
  /** Signal that it takes out of the inbox. */
  readonly signalId?: string | undefined;
}

/** A change of an object's state. */
export interface StateWrite {
  readonly objectId: string;
  readonly name: string;
  /** Encoded; `null`: it is deleted. */
  readonly value: string | null;
}

/** The end of a lease: where its invocation goes from `running`. */
export interface Transition {
  readonly lease: Lease;
  readonly status: Exclude<InvocationStatus, 'running'>;
  /** Encoded result of a `completed` invocation. */
  readonly output: string | null;
  /** Encoded error: of a failed, cancelled or paused invocation; of one that backs off, the last one. */
  readonly error: string | null;
  /** Entry whose recorded failure was the cause of `error`. */
  readonly failedEntry: number | null;
  /** Milliseconds until it is due again; `null`: not by time. */
  readonly dueInMs: number | null;
  /** Whether the attempt counts as failed under the handler's retry policy. */
  readonly failedAttempt: boolean;
  /** Arrivals that the attempt knew of: if there are more, a `suspended` invocation is due at once. */
  readonly wakes: number;
  /** The call that waits for the outcome: with a terminal status, it is settled. */
  readonly parent: EntryRef | null;
  /** The object that the invocation has for itself: with a terminal status, it is freed. */
  readonly holds: string | null;
}

/** Something that comes to an invocation from outside, under no lease. */
export type Arrival =
  /** Settles an awakeable, if `token` is its own: the first one wins. */
  | {
      readonly kind: 'completion';
      readonly entry: EntryRef;
      readonly token: string;
      readonly outcome: Outcome;
      readonly value: string;
    }
  /** Is buffered until the invocation takes it. The same `id` is buffered once. */
  | {
      readonly kind: 'signal';
      readonly id: string;
      readonly invocationId: string;
      readonly name: string;
      readonly value: string;
    };

/**
 * Writes that are applied together. No row may be touched in two ways by one batch, so the writer sees to it that
 * a batch has
 *
 * - one write per entry, an awakeable's completion included;
 * - no write under a lease of an invocation that it accepts;
 * - either a transition of an invocation, or what comes to it from outside (arrivals, outcomes of its calls);
 * - either accepts for an object, or transitions that free it.
 */
export interface Batch {
  readonly accepts: readonly NewInvocation[];
  readonly entries: readonly EntryWrite[];
  readonly transitions: readonly Transition[];
  readonly arrivals: readonly Arrival[];
}

/**
 * What became of a write: `duplicate` if it had been applied before (an id that exists, an entry or transition
 * whose answer was lost), `fenced` if its lease is over.
 */
export type WriteResult = 'ok' | 'fenced' | 'duplicate';

/** What became of an accept: `queued` if another invocation has its object. It is then not leased to its owner. */
export type AcceptResult = WriteResult | 'queued';

/**
 * What became of an arrival. `duplicate`: a signal with this id was here before, or the awakeable was completed
 * before (in another way: the same completion again is `ok`); `over`: the invocation is; `not_found`: there is none.
 */
export type ArrivalResult = 'ok' | 'duplicate' | 'over' | 'not_found';

/** Results by position in the batch, and what others are to be told. */
export interface BatchResult {
  readonly accepts: readonly AcceptResult[];
  readonly entries: readonly WriteResult[];
  readonly transitions: readonly WriteResult[];
  readonly arrivals: readonly ArrivalResult[];
  readonly news: News;
}

/**
 * Name of the signal that asks a handler to end; its value is the error that what it waits for is rejected with. No
 * handler can wait for it: it is no printable text.
 */
export const CANCEL_SIGNAL = '\u0001cancel';

/** What became of an order from outside of every lease. */
export interface Controlled {
  /** `refused`: its status does not allow it. */
  readonly result: 'ok' | 'over' | 'not_found' | 'refused';
  readonly news: News;
  /** Invocations that are over by it, with the client processes that are to be told. */
  readonly ended: readonly { readonly id: string; readonly origin: string }[];
}

/** What a commit means for others. */
export interface News {
  /** Invocations that something arrived for. */
  readonly awoken: readonly Awoken[];
  /** Objects that were freed while others wait for them: {@link Store.promote} them. */
  readonly freed: readonly string[];
  /** Invocations that are over, and that entries are attached to: {@link Store.answer} them. */
  readonly attached: readonly string[];
}

/** An invocation that something arrived for. */
export interface Awoken {
  readonly id: string;
  readonly service: string;
  /** Arrivals that it has had with this one. */
  readonly wakes: number;
  /** Worker that drives it, or did until now, who is to be told; `null`: nobody does, and it may be due now. */
  readonly owner: string | null;
}
