import type { InvocationStatus } from '../engine/status.js';
import type { Duration } from '../options/duration.js';

/** How long to wait for a result. */
export interface ResultOptions {
  /** At the most so long. @default until the end */
  readonly timeout?: Duration;
  /** Not any more once it is aborted. */
  readonly signal?: AbortSignal;
}

/** An invocation, as its client holds it. Its functions need no `this`: `const { id, result } = await …` works. */
export interface InvocationHandle<R = unknown> {
  readonly id: string;

  /**
   * Resolves to what the handler returned; rejects with what it failed with, as an error of the same class where
   * that is known.
   *
   * @param options `timeout`: how long to wait here; `signal`: when to wait no more. The invocation goes on either
   *   way. Without them it waits until the end.
   * @throws ResultTimeoutError (DURABLE_RESULT_TIMEOUT) when the time is over
   * @throws the reason of the signal, once it is aborted
   * @throws InvocationNotFoundError (DURABLE_INVOCATION_NOT_FOUND) when there is none with this id
   * @throws ClientClosedError (DURABLE_CLIENT_CLOSED) when the application is closed meanwhile; the invocation goes on
   */
  readonly result: (options?: ResultOptions) => Promise<R>;

  /** @throws InvocationNotFoundError (DURABLE_INVOCATION_NOT_FOUND) */
  readonly status: () => Promise<InvocationInfo>;
}

/** Where an invocation stands. */
export interface InvocationInfo {
  readonly id: string;
  readonly service: string;
  readonly handler: string;
  /** Key of the virtual object that it is addressed to. */
  readonly key: string | null;
  /** Invocation that called it, or sent it. */
  readonly parentId: string | null;
  readonly status: InvocationStatus;
  /** Attempts that failed under the handler's retry policy. */
  readonly failedAttempts: number;
  /** Workers that died while they drove it, in a row without progress. */
  readonly deaths: number;
  /** Worker that drives it now. */
  readonly worker: string | null;
  readonly createdAt: Date;
  /** When it goes on by itself: of a scheduled, suspended or backing-off one. */
  readonly dueAt: Date | null;
  readonly finishedAt: Date | null;
  /** What a failed, cancelled or paused one ended with; of one that backs off, the last failure. */
  readonly error: Error | null;
}

/** One record of an invocation's journal. */
export interface JournalRecord {
  readonly index: number;
  readonly kind: string;
  readonly name: string;
  /** `open`: without an outcome yet. */
  readonly outcome: 'ok' | 'error' | 'open';
  /** What a step returned. */
  readonly value: unknown;
  /** What a step failed with, or its last failed try. */
  readonly error: Error | null;
  readonly failedTries: number;
  readonly durationMs: number | null;
  /** Position among the deliveries; `null` until user code was given the outcome. */
  readonly seq: number | null;
  /** Epoch of the attempt that wrote it. */
  readonly epoch: number;
}
