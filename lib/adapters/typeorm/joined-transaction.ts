import type { QueryRunner } from 'typeorm';
import type { Subscription } from '../../ports/events.js';
import type { Batch, BatchResult, InvocationRecord } from '../../ports/store.js';
import type { OpenTransaction } from '../../ports/transactions.js';
import { bare } from './bare-errors.js';
import { commitResult } from './commit-result.js';
import { isUuid } from './parameters.js';
import { invocationRecord, type InvocationTuple } from './rows.js';
import type { CommitRow } from './sql/commit.js';
import type { Statements } from './statements.js';

/** A transaction of the application, on the query runner that it is driven by. */
export class JoinedTransaction implements OpenTransaction {
  readonly over: Promise<void>;
  private hooks: (() => void)[] = [];
  private isOver = false;
  private settle: () => void = () => undefined;

  constructor(
    private readonly runner: QueryRunner,
    private readonly sql: Statements,
  ) {
    this.over = new Promise(resolve => (this.settle = resolve));
  }

  async write(batch: Batch): Promise<BatchResult> {
    const { text, values } = this.sql.commit(batch);
    const [row] = (await this.query(text, [...values])) as CommitRow[];
    return commitResult(batch, row as CommitRow);
  }

  async find(id: string): Promise<InvocationRecord | undefined> {
    if (!isUuid(id)) return undefined;
    const [row] = (await this.query(this.sql.find, [id])) as InvocationTuple[];
    return row && invocationRecord(row);
  }

  async subscribers(events: readonly string[]): Promise<Subscription[]> {
    return (await this.query(this.sql.subscribers, [events])) as Subscription[];
  }

  afterCommit(fn: () => void): void {
    if (!this.isOver) this.hooks.push(fn);
  }

  /** It is over: `committed`, or nobody knows. */
  end(mayBeCommitted: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    const hooks = mayBeCommitted ? this.hooks : [];
    this.hooks = [];
    for (const hook of hooks) hook();
    this.settle();
  }

  private query(text: string, values: unknown[]): Promise<unknown> {
    return bare(this.runner.query(text, values));
  }
}

/** Knows the open transactions of query runners. */
export class JoinedTransactions {
  private readonly known = new WeakMap<QueryRunner, { current: JoinedTransaction | undefined }>();

  constructor(private readonly sql: Statements) {}

  /** The transaction that is open on a runner. */
  of(runner: QueryRunner): JoinedTransaction {
    let state = this.known.get(runner);
    if (!state) {
      state = { current: undefined };
      this.known.set(runner, state);
      this.follow(runner);
    }
    return (state.current ??= new JoinedTransaction(runner, this.sql));
  }

  /** What was open on a runner is over. */
  ended(runner: QueryRunner, mayBeCommitted: boolean): void {
    const state = this.known.get(runner);
    const { current } = state ?? {};
    if (state) state.current = undefined;
    current?.end(mayBeCommitted);
  }

  private follow(runner: QueryRunner): void {
    const commit = runner.commitTransaction.bind(runner);
    const rollback = runner.rollbackTransaction.bind(runner);
    const release = runner.release.bind(runner);
    runner.commitTransaction = async () => {
      try {
        await commit();
      } finally {
        // Inactive although it throws: a subscriber did, after the commit.
        if (!runner.isTransactionActive) this.ended(runner, true);
      }
    };
    runner.rollbackTransaction = async () => {
      await rollback();
      if (!runner.isTransactionActive) this.ended(runner, false);
    };
    // Without an end that is known: the answer to the commit may be what was lost.
    runner.release = async () => {
      await release();
      if (runner.isReleased) this.ended(runner, true);
    };
  }
}
