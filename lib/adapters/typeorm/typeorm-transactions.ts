import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { InvalidOptionError } from '../../errors/options.errors.js';
import { TransactionBrokenError } from '../../errors/transaction.errors.js';
import type { Logger } from '../../ports/logger.js';
import type { EntryWrite, Lease } from '../../ports/store.js';
import type {
  OpenTransaction,
  Recorded,
  TransactionalTry,
  TransactionEnd,
  Transactions,
} from '../../ports/transactions.js';
import { bare } from './bare-errors.js';
import { commitResult } from './commit-result.js';
import { Gate } from './gate.js';
import { JoinedTransactions } from './joined-transaction.js';
import { ownTransaction } from './own-transaction.js';
import { classify, isConflict, sqlState } from './pg-errors.js';
import type { CommitRow } from './sql/commit.js';
import { statements, type Statements } from './statements.js';
import type { StepSession } from './step-session.js';
import { tables } from './tables.js';
import { TransactionSeam } from './transaction-seam.js';

export interface TransactionsOptions {
  /** The library's data source, on the same pool. */
  readonly own: DataSource;
  /** Where queries past the transaction of a step are reported; `undefined`: they are not looked for. */
  readonly escapes: Logger | undefined;
  /** SQL expression that gives the store's time. @default `now()` */
  readonly now?: string | undefined;
}

/** Transactions on the application's own data source, while it is open. */
export class TypeOrmTransactions implements Transactions {
  private readonly sql: Statements;
  private readonly seam: TransactionSeam;
  private readonly joined: JoinedTransactions;
  private readonly gate: Gate;

  constructor(
    private readonly theirs: DataSource,
    private readonly options: TransactionsOptions,
  ) {
    const { schema } = options.own.options as { readonly schema?: string };
    this.sql = statements(tables(schema, options.now));
    this.seam = new TransactionSeam(theirs, options.escapes);
    this.joined = new JoinedTransactions(this.sql);
    this.gate = new Gate(Math.max(1, poolSize(theirs) - KEPT_FREE));
  }

  current(): OpenTransaction | undefined {
    const { current } = this.seam;
    return current && this.joined.of(current);
  }

  of(handle: unknown): OpenTransaction {
    const runner = runnerOf(handle);
    if (!runner) throw refused('is neither an EntityManager nor a QueryRunner');
    // Called `connection` in TypeORM 0.3.
    const { dataSource = runner.connection } = runner as Partial<QueryRunner> & QueryRunner;
    if (dataSource !== this.theirs) throw refused('belongs to another DataSource than the option `postgres`');
    if (!runner.isTransactionActive) throw refused('has no open transaction');
    return this.joined.of(runner);
  }

  /** At most so many at once that the journal, which shares the pool, has connections left. */
  run(step: TransactionalTry): Promise<TransactionEnd> {
    return this.gate.pass(() => this.seam.outside(() => this.try(step)));
  }

  recorded({ invocationId, epoch }: Lease, index: number): Promise<Recorded> {
    return ownTransaction(this.options.own, async manager => {
      const [held] = await manager.query<{ epoch: number; status: string }[]>(this.sql.recordedLock, [
        invocationId,
      ]);
      if (held?.epoch !== epoch || held.status !== 'running') return 'fenced';
      const rows = await manager.query<Exclude<Recorded, string>[]>(this.sql.recordedOutcome, [
        invocationId,
        index,
      ]);
      return rows[0] ?? 'open';
    });
  }

  /** Leaves the application's data source as it was. */
  close(): void {
    this.seam.close();
  }

  private async try(step: TransactionalTry): Promise<TransactionEnd> {
    const session = this.seam.openSession(step.name);
    const end = await this.carryOut(step, session);
    if (end.kind !== 'committed') await session.rollbackAll();
    this.joined.ended(session.runner, end.kind === 'committed' || end.kind === 'unknown');
    return end;
  }

  private async carryOut(step: TransactionalTry, session: StepSession): Promise<TransactionEnd> {
    try {
      await this.begin(step, session);
    } catch (error) {
      return { kind: classify(error) === 'transient' ? 'away' : 'failed', error };
    }
    let write: EntryWrite | undefined;
    try {
      write = await this.seam.inStep(session, step.name, async () => {
        await step.reach?.('transaction:begun');
        return step.body();
      });
      await step.reach?.('transaction:done');
    } catch (error) {
      return { kind: session.hasConflict || isConflict(error) ? 'conflict' : 'failed', error };
    }
    if (!write) return { kind: 'unwanted' };
    if (!session.isBalanced) return { kind: 'failed', error: leftOpen(step.name) };
    return (await this.settle(step, session, write)) ?? this.commit(step, session);
  }

  private async begin({ isolation, idleMs }: TransactionalTry, session: StepSession): Promise<void> {
    await session.runner.startTransaction(isolation);
    // A process that is stopped, or cut off, holds what it has locked no longer than that.
    if (idleMs !== undefined) await session.runner.query(IDLE, [`${idleMs}`]);
  }

  /** Writes the entry under its lease; what it ends with, if that is not the commit. */
  private async settle(
    step: TransactionalTry,
    session: StepSession,
    write: EntryWrite,
  ): Promise<TransactionEnd | undefined> {
    const batch = { accepts: [], entries: [write], transitions: [], arrivals: [] };
    try {
      const { text, values } = this.sql.settle(write);
      const [row] = (await bare(session.runner.query(text, [...values]))) as CommitRow[];
      const [result] = commitResult(batch, row as CommitRow).entries;
      await step.reach?.('transaction:fenced');
      if (result === 'ok') return undefined;
      // It has an outcome that is not of this try: whose it is, and which, is asked for.
      return { kind: result === 'fenced' ? 'fenced' : 'unknown' };
    } catch (error) {
      if (session.hasConflict || classify(error) === 'transient') return { kind: 'conflict', error };
      const isAborted = sqlState(error) === ABORTED;
      return { kind: 'failed', error: isAborted ? aborted(step.name, session.firstFailure) : error };
    }
  }

  private async commit({ reach }: TransactionalTry, session: StepSession): Promise<TransactionEnd> {
    try {
      await session.commitAll(reach && (() => afterSending(reach)));
    } catch (error) {
      if (isConflict(error)) return { kind: 'conflict', error };
      // Nobody knows whether the server had it, and what it did then, unless it said no.
      const isUnknown = session.commit === 'sent' && (!sqlState(error) || classify(error) === 'transient');
      return isUnknown ? { kind: 'unknown' } : { kind: 'failed', error };
    }
    await reach?.('transaction:committed');
    return { kind: 'committed' };
  }
}

/** Connections that steps leave to the journal. */
const KEPT_FREE = 2;
const IDLE = `select set_config('idle_in_transaction_session_timeout', $1, true)`;
/** The current transaction is aborted. */
const ABORTED = '25P02';

/** The COMMIT is on its way to the server once this turn of the event loop is over. */
async function afterSending(reach: NonNullable<TransactionalTry['reach']>): Promise<void> {
  await new Promise(resolve => setImmediate(resolve));
  await reach('transaction:sent');
}

function leftOpen(step: string): TransactionBrokenError {
  return new TransactionBrokenError(
    step,
    'it began a transaction of its own that it did not end',
    'Commit it, or roll it back, before the step returns.',
  );
}

function aborted(step: string, cause: unknown): TransactionBrokenError {
  return new TransactionBrokenError(
    step,
    'a query of it failed and its error was caught; PostgreSQL then takes nothing more of the whole',
    'Put what may fail into manager.transaction(), which is a savepoint within the step, or let the error through.',
    { cause },
  );
}

function refused(problem: string): InvalidOptionError {
  return new InvalidOptionError(
    'send(): transaction',
    problem,
    'the EntityManager that transaction() gives, or a QueryRunner after startTransaction()',
  );
}

function runnerOf(handle: unknown): QueryRunner | undefined {
  if (typeof handle !== 'object' || handle === null) return undefined;
  if ('isTransactionActive' in handle) return handle as QueryRunner;
  return 'queryRunner' in handle ? (handle as EntityManager).queryRunner : undefined;
}

function poolSize({ driver }: DataSource): number {
  const { master } = driver as { readonly master?: { readonly options?: { readonly max?: number } } };
  return master?.options?.max ?? 10;
}
