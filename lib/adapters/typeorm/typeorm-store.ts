import type { DataSource, EntityManager } from 'typeorm';
import type { JournalEntry } from '../../engine/entry.js';
import type {
  Batch,
  BatchResult,
  Chores,
  ClaimRequest,
  ClaimResult,
  Controlled,
  DueClaims,
  DueRequest,
  EntryRef,
  Hint,
  Inbox,
  InvocationRecord,
  Lease,
  ListQuery,
  News,
  ObjectRef,
  Overdue,
  Promoted,
  ReapResult,
  Restarted,
  RestartRequest,
  Settled,
  StateWrite,
  Store,
  StrayRequest,
  Subscription,
  WorkerRecord,
} from '../../ports/store.js';
import { commitResult } from './commit-result.js';
import { Controls } from './controls.js';
import { type Poison, Reaper } from './reaper.js';
import { Reruns } from './reruns.js';
import { classify } from './pg-errors.js';
import { Objects } from './objects.js';
import { ownTransaction } from './own-transaction.js';
import { isUuid, milliseconds, registration } from './parameters.js';
import { PlannedQueries } from './planned-queries.js';
import {
  choresOf,
  claimResult,
  dueClaims,
  idsOf,
  inboxOf,
  invocationRecord,
  journalsById,
  newsOf,
  statesById,
} from './rows.js';
import type { ClaimRow, DueRow, EntryTuple, InboxRow, InvocationTuple, NewsRow, StateTuple } from './rows.js';
import { Schedules } from './schedules.js';
import type { Source } from './source.js';
import { statements, type Statements } from './statements.js';
import type { CommitRow } from './sql/commit.js';
import { tables } from './tables.js';

export interface TypeOrmStoreOptions {
  /** Encoded error of a poison invocation. */
  readonly poisonError: (poison: Poison) => string;
  /** SQL expression that gives the store's time. @default `now()` */
  readonly now?: string | undefined;
  /** Whether nobody else uses the connections of the data source. @default false */
  readonly ownsConnections?: boolean;
  /** Closes the data source, and what it stands on. @default the data source is destroyed */
  readonly close?: () => Promise<void>;
  /** What the medium asks for now and then. */
  readonly maintain?: () => Promise<void>;
}

/**
 * The store on PostgreSQL, through a TypeORM data source whose migrations have run; its option `schema` says where.
 *
 * Needs no session: nothing outlives its transaction but plans, which the server may forget (planned-queries.ts). Errors of
 * the server or of the connection are thrown as they come; every call may then be made again.
 */
export class TypeOrmStore implements Store {
  readonly schedules: Schedules;
  private readonly sql: Statements;
  private readonly planned: PlannedQueries;
  private readonly controls: Controls;
  private readonly reruns: Reruns;
  private readonly reaper: Reaper;
  private readonly objects: Objects;

  constructor(
    private readonly dataSource: DataSource,
    private readonly options: TypeOrmStoreOptions,
  ) {
    const { schema } = dataSource.options as { readonly schema?: string };
    this.sql = statements(tables(schema, options.now));
    this.planned = new PlannedQueries(dataSource, options.ownsConnections ?? false);
    this.controls = new Controls(run => this.transaction(run), this.sql);
    const source: Source = {
      query: (text, values) => this.query(text, values),
      transaction: run => this.transaction(run),
    };
    this.reruns = new Reruns(source, this.sql);
    this.reaper = new Reaper(source, this.sql, options.poisonError);
    this.objects = new Objects(source, this.planned, this.sql);
    this.schedules = new Schedules(run => this.transaction(run), dataSource, this.sql);
  }

  async commit(batch: Batch): Promise<BatchResult> {
    const { accepts, entries, transitions, arrivals } = batch;
    if (accepts.length + entries.length + transitions.length + arrivals.length === 0) return EMPTY;
    const { text, values } = this.sql.commit(batch);
    const [row] = await this.planned.query<CommitRow>(text, values);
    return commitResult(batch, row ?? NOTHING);
  }

  async claim(request: ClaimRequest & { readonly ids: readonly string[] }): Promise<ClaimResult> {
    const { services, workerId } = request;
    const ids = request.ids.filter(isUuid);
    return claimResult(await this.planned.query<ClaimRow>(this.sql.claim, [ids, services, workerId]));
  }

  async claimDue(request: ClaimRequest & DueRequest): Promise<DueClaims> {
    const { services, overdueMs, workerId, limit, sinceMs = null, next = false } = request;
    if (services.length === 0) return dueClaims([]);
    const values = [services, milliseconds(overdueMs), workerId, limit, milliseconds(sinceMs), next];
    return dueClaims(await this.planned.query<DueRow>(this.sql.claimDue(services.length), values));
  }

  async nextDue(services: readonly string[]): Promise<number | undefined> {
    const [row] = await this.planned.query<{ dueInMs: number }>(this.sql.nextDue, [services]);
    return row && Math.ceil(row.dueInMs);
  }

  async journals(ids: readonly string[]): Promise<Map<string, JournalEntry[]>> {
    return journalsById(await this.planned.query<EntryTuple>(this.sql.journals, [ids]));
  }

  async inboxes(ids: readonly string[]): Promise<Inbox[]> {
    return (await this.planned.query<InboxRow>(this.sql.inboxes, [ids.filter(isUuid)])).map(inboxOf);
  }

  async remaining(entries: readonly EntryRef[]): Promise<number[]> {
    const values = [entries.map(({ invocationId }) => invocationId), entries.map(({ index }) => index)];
    const rows = await this.query<{ left: number }>(this.sql.remaining, values);
    return rows.map(({ left }) => Math.ceil(left));
  }

  async attach({ invocationId, index }: EntryRef, target: string): Promise<'ok' | 'over' | 'not_found'> {
    if (!isUuid(target)) return 'not_found';
    const [row] = await this.query<{ over: boolean }>(this.sql.attach, [target, invocationId, index]);
    if (!row) return 'not_found';
    return row.over ? 'over' : 'ok';
  }

  async answer(ids: readonly string[]): Promise<News> {
    return this.transaction(async manager => {
      await manager.query(this.sql.answerLock, [ids]);
      const [row] = await manager.query<NewsRow[]>(this.sql.answerTake, [ids]);
      return row ? newsOf(row) : NO_NEWS;
    });
  }

  async unanswered(limit: number): Promise<string[]> {
    return idsOf(await this.query<{ id: string }>(this.sql.unanswered, [limit]));
  }

  async enter({ invocationId, epoch }: Lease): Promise<'ok' | 'queued' | 'fenced'> {
    const [row] = await this.query<{ entered: boolean }>(this.sql.enter, [invocationId, epoch]);
    if (!row) return 'fenced';
    return row.entered ? 'ok' : 'queued';
  }

  promote(objectIds: readonly string[], workerId: string | null): Promise<Promoted> {
    return this.objects.promote(objectIds, workerId);
  }

  async holdsAbove(id: string, objectId: string): Promise<boolean> {
    const [row] = await this.query<{ holds: boolean }>(this.sql.holdsAbove, [id, objectId]);
    return row?.holds === true;
  }

  async stranded(limit: number): Promise<string[]> {
    return idsOf(await this.query<{ id: string }>(this.sql.stranded, [limit]));
  }

  async states(objectIds: readonly string[]): Promise<Map<string, Map<string, string>>> {
    return statesById(await this.planned.query<StateTuple>(this.sql.states, [objectIds]));
  }

  editState(object: ObjectRef, changes: readonly Omit<StateWrite, 'objectId'>[]): Promise<'ok' | 'busy'> {
    return this.objects.editState(object, changes);
  }

  async progress(id: string, name: string): Promise<string | undefined> {
    if (!isUuid(id)) return undefined;
    const [row] = await this.query<{ value: string }>(this.sql.progress, [id, name]);
    return row?.value;
  }

  async subscribers(events: readonly string[]): Promise<Subscription[]> {
    return this.query<Subscription>(this.sql.subscribers, [events]);
  }

  async register(worker: WorkerRecord, leaseMs: number): Promise<void> {
    await this.query(this.sql.register, registration(worker, leaseMs));
  }

  async renew(workerId: string, leaseMs: number): Promise<'ok' | 'fenced'> {
    const rows = await this.planned.query(this.sql.renew, [workerId, milliseconds(leaseMs)]);
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

  reap(request: { readonly maxDeaths: number; readonly limit: number }): Promise<ReapResult> {
    return this.reaper.reap(request);
  }

  async releaseStray({ workerId, driving, olderThanMs }: StrayRequest): Promise<Hint[]> {
    return this.query<Hint>(this.sql.releaseStray, [workerId, driving, milliseconds(olderThanMs)]);
  }

  async lookAround(): Promise<Chores> {
    return choresOf(await this.planned.query(this.sql.lookAround, []));
  }

  async find(id: string): Promise<InvocationRecord | undefined> {
    if (!isUuid(id)) return undefined;
    const [row] = await this.query<InvocationTuple>(this.sql.find, [id]);
    return row && invocationRecord(row);
  }

  async outcomes(ids: readonly string[]): Promise<Settled[]> {
    return this.planned.query<Settled>(this.sql.outcomes, [ids.filter(isUuid)]);
  }

  async list(query: ListQuery): Promise<InvocationRecord[]> {
    const { text, values } = this.sql.list(query);
    // One plan would not do for all filters.
    const rows = await this.transaction(manager => manager.query<InvocationTuple[]>(text, [...values]));
    return rows.map(invocationRecord);
  }

  retry(id: string): ReturnType<Store['retry']> {
    return this.reruns.retry(id);
  }

  restart(request: RestartRequest): Promise<Restarted> {
    return this.reruns.restart(request);
  }

  cancel(id: string, errorOf: (id: string) => string): Promise<Controlled> {
    return this.controls.cancel(id, errorOf);
  }

  async overdue(limit: number): Promise<Overdue> {
    const look = () => this.query<{ id: string; dueInMs: number }>(this.sql.overdue, [limit]);
    let rows = await look();
    while (rows[0]?.dueInMs === 0 && (await this.forgetDeadlines())) rows = await look();
    const ids = idsOf(rows.filter(({ dueInMs }) => dueInMs === 0));
    return { ids, nextMs: rows[ids.length] && Math.ceil(rows[ids.length]!.dueInMs) };
  }

  expire(id: string, errorOf: (id: string) => string): Promise<Controlled> {
    return this.controls.expire(id, errorOf);
  }

  kill(id: string, errorOf: (id: string) => string): Promise<Controlled> {
    return this.controls.kill(id, errorOf);
  }

  pause(id: string, error: string): Promise<Controlled> {
    return this.controls.pause(id, error);
  }

  resume(id: string): Promise<Controlled> {
    return this.controls.resume(id);
  }

  skipCompensation(id: string, value: string): Promise<Controlled> {
    return this.controls.skipCompensation(id, value);
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

  /** Whether there were deadlines of what is over, which need not be expired one by one. */
  private async forgetDeadlines(): Promise<boolean> {
    return (await this.query(this.sql.forgetDeadlines, [])).length > 0;
  }

  private query<Row>(text: string, values: readonly unknown[]): Promise<Row[]> {
    return this.dataSource.query<Row[]>(text, [...values]);
  }

  private transaction<T>(run: (manager: EntityManager) => Promise<T>): Promise<T> {
    return ownTransaction(this.dataSource, run);
  }
}

const NO_NEWS: News = { awoken: [], freed: [], attached: [] };
const EMPTY: BatchResult = { accepts: [], entries: [], transitions: [], arrivals: [], news: NO_NEWS };
const NOTHING = {} as CommitRow;
