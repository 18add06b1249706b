import { TransactionNotStartedError, type QueryRunner } from 'typeorm';
import { TransactionBrokenError } from '../../errors/transaction.errors.js';
import { isConflict } from './pg-errors.js';

/** What ends a transaction, in SQL; to go back to a savepoint does not. */
const ENDS =
  /^\s*(?:commit|end|abort|rollback(?!(?:\s+(?:work|transaction))?\s+to\b)|prepare\s+transaction)\b/i;

/** What TypeORM keeps to itself: the same in 0.3 and 1. */
interface Internals {
  /** Open transactions: the outermost is one, each savepoint one more. */
  transactionDepth: number;
  query(...args: unknown[]): Promise<unknown>;
  /** Gives the connection back to its pool; with an error, it is closed. */
  releasePostgresConnection(error?: Error): Promise<void>;
}

/**
 * A query runner that is all of a step's connections: whoever asks the data source for one gets this one. He cannot end
 * the transaction that it is in, nor release it; a transaction that he begins on it is a savepoint.
 */
export class StepSession {
  /** The first query that failed. */
  firstFailure: unknown;
  /** Whether a query met another transaction, so that the whole may succeed if it is done again. */
  hasConflict = false;
  /** What is known of the COMMIT. */
  commit: 'none' | 'sent' | 'done' = 'none';
  private underWay = 0;
  private ending = false;
  private onSent: (() => Promise<void>) | undefined;
  private readonly own: Omit<Internals, 'transactionDepth'> &
    Pick<QueryRunner, 'commitTransaction' | 'rollbackTransaction'>;

  constructor(
    readonly runner: QueryRunner,
    private readonly step: string,
    /** Whether the running code is the step's. */
    isInside: () => boolean,
  ) {
    const internals = runner as unknown as Internals;
    this.own = {
      query: internals.query.bind(runner),
      releasePostgresConnection: internals.releasePostgresConnection.bind(runner),
      commitTransaction: runner.commitTransaction.bind(runner),
      rollbackTransaction: runner.rollbackTransaction.bind(runner),
    };
    internals.query = (...args) => this.query(args);
    // Others release it only to close the pool, and go on until it is.
    runner.release = () => (isInside() ? Promise.resolve() : this.close(new Error('the pool is closed')));
    runner.commitTransaction = () => this.nested(this.own.commitTransaction);
    runner.rollbackTransaction = () => this.nested(this.own.rollbackTransaction);
    const disposable = runner as Partial<AsyncDisposable>;
    // TypeORM's own would commit the whole.
    if (Symbol.asyncDispose in runner)
      disposable[Symbol.asyncDispose] = async () =>
        void (this.depth > 1 && (await this.own.commitTransaction()));
  }

  /** Whether the step has left the transaction as it found it. */
  get isBalanced(): boolean {
    return this.depth === 1;
  }

  /** @throws what the server, or a subscriber of the application, says; {@link commit} tells what that means */
  async commitAll(sent?: () => Promise<void>): Promise<void> {
    this.ending = true;
    this.onSent = sent;
    try {
      await this.own.commitTransaction();
    } catch (error) {
      // A subscriber that is told of what is done undoes nothing.
      if (this.commit !== 'done') throw error;
    }
    await this.own.releasePostgresConnection();
  }

  /** Undoes everything; the connection is closed where that is not certain. */
  async rollbackAll(): Promise<void> {
    this.ending = true;
    const { runner } = this;
    if (runner.isReleased) return;
    try {
      // What is still under way may wait for a lock: it is not waited for.
      if (this.underWay > 0) throw new Error(`the step ${this.step} is over and a query of it is not`);
      (runner as unknown as Internals).transactionDepth = Math.min(this.depth, 1);
      if (runner.isTransactionActive) await this.own.rollbackTransaction();
      await this.own.releasePostgresConnection();
    } catch (error) {
      await this.close(error as Error);
    }
  }

  /** Gives the connection up: the server rolls back what was not committed. */
  async close(error: Error): Promise<void> {
    await this.own.releasePostgresConnection(error);
  }

  private get depth(): number {
    return (this.runner as unknown as Internals).transactionDepth;
  }

  private async query(args: readonly unknown[]): Promise<unknown> {
    const [sql] = args;
    const ends = typeof sql === 'string' && ENDS.test(sql);
    if (ends && !this.ending) {
      throw new TransactionBrokenError(
        this.step,
        `the step itself ends it (${sql.trim().slice(0, 40)})`,
        'Leave that out: it is committed when the step returns, and rolled back when it throws.',
      );
    }
    this.underWay++;
    try {
      const answer = this.own.query(...args);
      if (ends && sql === 'COMMIT') await this.confirm(answer);
      return await answer;
    } catch (error) {
      this.firstFailure ??= error;
      this.hasConflict ||= isConflict(error);
      throw error;
    } finally {
      this.underWay--;
    }
  }

  private async confirm(answer: Promise<unknown>): Promise<void> {
    this.commit = 'sent';
    answer.catch(() => undefined);
    await this.onSent?.();
    await answer;
    this.commit = 'done';
  }

  private nested(end: () => Promise<void>): Promise<void> {
    if (this.depth > 1) return end();
    return Promise.reject(new TransactionNotStartedError());
  }
}
