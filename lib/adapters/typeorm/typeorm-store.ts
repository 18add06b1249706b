import type { DataSource, EntityManager } from 'typeorm';
import type { JournalEntry } from '../../engine/entry.js';
import type {
  Batch,
  BatchResult,
  Claimed,
  ClaimRequest,
  ClaimResult,
  Hint,
  InvocationRecord,
  ListQuery,
  Reaped,
  Settled,
  Store,
  WorkerRecord,
} from '../../ports/store.js';
import { commitResult } from './commit-result.js';
import { classify } from './pg-errors.js';
import { isUuid, milliseconds } from './parameters.js';
import { claimResult, invocationRecord, journalsById } from './rows.js';
import type { ClaimRow, EntryTuple, InvocationTuple, ReapRow, RetryRow } from './rows.js';
import { statements } from './statements.js';
import type { Statements } from './statements.js';
import type { CommitRow } from './sql/commit.js';
import { tables } from './tables.js';

/** What is known of an invocation that killed too many workers. */
export interface Poison {
  readonly invocationId: string;
  /** Workers that died in a row. */
  readonly deaths: number;
  /** Name of the last step that was begun and has no outcome, if any. */
  readonly step?: string;
}

export interface TypeOrmStoreOptions {
  /** Encoded error of a poison invocation. */
  readonly poisonError: (poison: Poison) => string;
  /** SQL expression that gives the store's time. @default `now()` */
  readonly now?: string;
  /** Closes the data source, and what it stands on. @default the data source is destroyed */
  readonly close?: () => Promise<void>;
  /** What the medium asks for now and then. */
  readonly maintain?: () => Promise<void>;
}

/**
 * The store on PostgreSQL, through a TypeORM data source whose migrations have run; its option `schema` says where.
 *
 * Needs no session: statements are unnamed, and nothing outlives its transaction. Errors of the server or of the
 * connection are thrown as they come; every call may then be made again.
 */
export class TypeOrmStore implements Store {
  private readonly sql: Statements;

  constructor(
    private readonly dataSource: DataSource,
    private readonly options: TypeOrmStoreOptions,
  ) {
    const { schema } = dataSource.options as { readonly schema?: string };
    this.sql = statements(tables(schema, options.now));
  }

  async commit(batch: Batch): Promise<BatchResult> {
    const { accepts, entries, transitions } = batch;
    if (accepts.length + entries.length + transitions.length === 0) {
      return { accepts: [], entries: [], transitions: [] };
    }
    const { text, values } = this.sql.commit(batch);
    const [row] = await this.query<CommitRow>(text, values);
    return commitResult(batch, row ?? NOTHING);
  }

  async claim(request: ClaimRequest & { readonly ids: readonly string[] }): Promise<ClaimResult> {
    const { services, workerId } = request;
    const ids = request.ids.filter(isUuid);
    return claimResult(await this.query<ClaimRow>(this.sql.claim, [ids, services, workerId]));
  }

  async claimDue(
    request: ClaimRequest & { readonly limit: number; readonly overdueMs: number },
  ): Promise<Claimed[]> {
    const { services, overdueMs, workerId, limit } = request;
    const values = [services, milliseconds(overdueMs), workerId, limit];
    return claimResult(await this.query<ClaimRow>(this.sql.claimDue, values)).claimed;
  }

  async nextDue(services: readonly string[]): Promise<number | undefined> {
    const [row] = await this.query<{ dueInMs: number }>(this.sql.nextDue, [services]);
    return row && Math.ceil(row.dueInMs);
  }

  async journals(ids: readonly string[]): Promise<Map<string, JournalEntry[]>> {
    return journalsById(await this.query<EntryTuple>(this.sql.journals, [ids]));
  }

  async register({ id, host, pid, services }: WorkerRecord, leaseMs: number): Promise<void> {
    await this.query(this.sql.register, [id, host, pid, services, milliseconds(leaseMs)]);
  }

  async renew(workerId: string, leaseMs: number): Promise<'ok' | 'fenced'> {
    const rows = await this.query(this.sql.renew, [workerId, milliseconds(leaseMs)]);
    return rows.length > 0 ? 'ok' : 'fenced';
  }

  async deregister(workerId: string): Promise<void> {
    await this.query(this.sql.deregister, [workerId]);
  }

  /**
   * Ends the leases of all workers. For whoever has this store to itself, before its worker starts: their
   * processes are gone, however long their leases would have run.
   */
  async endLeases(): Promise<void> {
    await this.query(this.sql.endLeases, []);
  }

  async reap(request: { readonly maxDeaths: number; readonly limit: number }): Promise<Reaped[]> {
    const orphans = await this.query<{ id: string }>(this.sql.reapFind, [request.limit]);
    if (orphans.length === 0) return [];
    const taken = await this.transaction(manager => this.take(manager, orphans, request.maxDeaths));
    return taken.map(({ id, service, status, origin }) => ({ id, service, status, origin }));
  }

  async releaseStray(request: {
    readonly workerId: string;
    readonly driving: readonly string[];
    readonly olderThanMs: number;
  }): Promise<Hint[]> {
    const { workerId, driving, olderThanMs } = request;
    return this.query<Hint>(this.sql.releaseStray, [workerId, driving, milliseconds(olderThanMs)]);
  }

  async find(id: string): Promise<InvocationRecord | undefined> {
    if (!isUuid(id)) return undefined;
    const [row] = await this.query<InvocationTuple>(this.sql.find, [id]);
    return row && invocationRecord(row);
  }

  async outcomes(ids: readonly string[]): Promise<Settled[]> {
    return this.query<Settled>(this.sql.outcomes, [ids.filter(isUuid)]);
  }

  async list(query: ListQuery): Promise<InvocationRecord[]> {
    const { text, values } = this.sql.list(query);
    return (await this.query<InvocationTuple>(text, values)).map(invocationRecord);
  }

  async retry(id: string): Promise<'ok' | 'not_found' | 'not_failed'> {
    if (!isUuid(id)) return 'not_found';
    return this.transaction(async manager => {
      const [row] = await manager.query<RetryRow[]>(this.sql.retryLock, [id]);
      if (!row) return 'not_found';
      if (row.status !== 'failed') return 'not_failed';
      await manager.query(this.sql.retryRewind, [id]);
      return 'ok';
    });
  }

  async purge(request: { readonly olderThanMs: number; readonly limit: number }): Promise<number> {
    const values = [milliseconds(request.olderThanMs), request.limit];
    const [row] = await this.query<{ count: number }>(this.sql.purge, values);
    return row?.count ?? 0;
  }

  isTransient(error: unknown): boolean {
    return classify(error) === 'transient';
  }

  get maintain(): (() => Promise<void>) | undefined {
    return this.options.maintain;
  }

  /** Closes the data source, and what it stands on. */
  async close(): Promise<void> {
    await (this.options.close ?? (() => this.dataSource.destroy()))();
  }

  private async take(
    manager: EntityManager,
    orphans: readonly { readonly id: string }[],
    maxDeaths: number,
  ): Promise<ReapRow[]> {
    const ids = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id);
    const locked = await manager.query<{ id: string }[]>(this.sql.reapLock, [ids(orphans)]);
    const taken = await manager.query<ReapRow[]>(this.sql.reapTake, [ids(locked), maxDeaths]);
    const poison = taken.filter(({ status }) => status === 'failed');
    if (poison.length > 0) {
      const errors = poison.map(({ id: invocationId, deaths, step }) =>
        this.options.poisonError({ invocationId, deaths, ...(step !== null && { step }) }),
      );
      await manager.query(this.sql.reapFail, [ids(poison), errors]);
    }
    return taken;
  }

  private query<Row>(text: string, values: readonly unknown[]): Promise<Row[]> {
    return this.dataSource.query<Row[]>(text, [...values]);
  }

  // READ COMMITTED even where the server's default is another: these read again after they have waited.
  private transaction<T>(run: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction('READ COMMITTED', run);
  }
}

const NOTHING: CommitRow = { held: null, accepted: null, written: null, moved: null };
