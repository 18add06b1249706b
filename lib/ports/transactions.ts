import type { Outcome } from '../engine/entry.js';
import type { Batch, BatchResult, EntryWrite, Lease, Store } from './store.js';

/** Isolation of a transaction, as SQL calls it. */
export type Isolation = 'READ COMMITTED' | 'REPEATABLE READ' | 'SERIALIZABLE';

/** How the transaction of a step is begun. */
export interface TransactionRules {
  /** `undefined`: as the application's data source begins them. */
  readonly isolation: Isolation | undefined;
}

/**
 * The transactions of the application, on the connections that it shares with the store: what is written in one of them
 * is committed with it, or not at all.
 */
export interface Transactions {
  /** The transaction that the running code is in; `undefined`: none. */
  current(): OpenTransaction | undefined;
  /**
   * The transaction of what the application drives it by: an `EntityManager` or a `QueryRunner` of TypeORM.
   * @throws InvalidOptionError if it is none of this database, or none is open
   */
  of(handle: unknown): OpenTransaction;
  /**
   * Runs a body in a transaction of its own, and commits with it what the body resolves to, under its lease. What the
   * body does through the application's data source belongs to it. Never rejects.
   */
  run(step: TransactionalTry): Promise<TransactionEnd>;
  /** What is recorded of an entry, once no transaction under way can change that any more. */
  recorded(lease: Lease, index: number): Promise<Recorded>;
}

/** A transaction of the application that is open; what it is asked for is what it sees. */
export interface OpenTransaction extends Pick<Store, 'find' | 'subscribers'> {
  /** Writes a batch in it. No row of others may be locked by it: they would wait for the application. */
  write(batch: Batch): Promise<BatchResult>;
  /** Calls `fn` once it is committed, or may be. */
  afterCommit(fn: () => void): void;
  /** Resolves once it is over, in whichever way. */
  readonly over: Promise<void>;
}

/** One try of a step in a transaction. */
export interface TransactionalTry extends TransactionRules {
  /** Name of the step. */
  readonly name: string;
  /** Milliseconds that the server lets the transaction idle before it takes the connection away. */
  readonly idleMs: number | undefined;
  /** Resolves to the entry that is committed with it; `undefined`: its outcome is not wanted any more. */
  body(): Promise<EntryWrite | undefined>;
  /** Reached between its parts; a test may crash the process there. */
  readonly reach: ((point: string) => void | Promise<void>) | undefined;
}

/**
 * How a try in a transaction ended.
 *
 * - `committed`: with its entry;
 * - `failed`: the body did, or what it did cannot be committed; rolled back;
 * - `conflict`: it met another transaction, or its connection broke before the commit; rolled back, and the same may
 *   succeed at once;
 * - `away`: it could not begin, the body was not run;
 * - `unknown`: the answer to its commit was lost: {@link Transactions.recorded} tells;
 * - `fenced`: its lease is over; rolled back;
 * - `unwanted`: rolled back.
 */
export type TransactionEnd =
  | { readonly kind: 'committed' | 'unknown' | 'fenced' | 'unwanted' }
  | { readonly kind: 'failed' | 'conflict' | 'away'; readonly error: unknown };

/** What is recorded of an entry; `open`: no outcome. */
export type Recorded = 'fenced' | 'open' | { readonly outcome: Outcome; readonly value: string };
