import type { DueHint, Hint } from './store.js';

/**
 * The transport makes things fast; it decides nothing.
 *
 * Whatever it carries can be rebuilt from the store, so a lost, repeated or late message costs latency only.
 * Announcements therefore return at once, never throw, and never wait for a server that is away.
 */
export interface Transport {
  /** Says that invocations can be claimed. */
  ready(hints: readonly Hint[]): void;
  /** Says that invocations can be claimed after a time. */
  due(hints: readonly DueHint[]): void;
  /** Says to a process (`origin`) that there is news of invocations: an outcome, or something arrived. */
  tell(origin: string, ids: readonly string[]): void;

  /** Starts to bring work to this process. */
  consume(intake: Intake): Promise<Consumer>;
  /** Calls `listener` with ids that `tell` names for `origin`, until the returned function is called. */
  onNews(origin: string, listener: (ids: readonly string[]) => void): Promise<() => Promise<void>>;

  /** Whether its server answers now. */
  health(): TransportHealth;
  close(): Promise<void>;
}

/** What a worker takes from the transport. */
export interface Intake {
  readonly workerId: string;
  readonly services: readonly string[];
  /** How many ids the worker would take now. 0 pauses the intake until {@link Consumer.resume}. */
  capacity(): number;
  /**
   * Takes ids, `capacity()` at the most, and resolves once their claims are committed or given up: from then on
   * the transport may forget them.
   */
  take(ids: readonly string[]): Promise<void>;
  /** The transport lost what it had: only the store knows now what is ready. */
  lost(): void;
}

export interface Consumer {
  /** Capacity is there again. */
  resume(): void;
  /** Brings nothing more. Resolves when no `take` is under way. */
  stop(): Promise<void>;
}

export interface TransportHealth {
  readonly kind: 'local' | 'redis';
  readonly connected: boolean;
}
