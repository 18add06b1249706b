import type { EntityManager } from 'typeorm';
import { v7 as uuid } from 'uuid';
import { CANCEL_SIGNAL } from '../../ports/store.js';
import type { Awoken, Controlled, News } from '../../ports/store.js';
import { isUuid } from './parameters.js';
import { idsOf, newsOf, parse } from './rows.js';
import type { ControlRow, NewsRow } from './rows.js';
import type { Statements } from './statements.js';

type Transaction = <T>(run: (manager: EntityManager) => Promise<T>) => Promise<T>;
type EndStatus = 'cancelled' | 'failed';
/** The encoded error that an invocation ends with, or that what it waits for is rejected with. */
type ErrorOf = (id: string) => string;

interface Conditions {
  /** Whether those that it waits for are locked with it. */
  readonly withTree?: boolean;
  /** Asked before anything is locked: whether the order is due at all. */
  readonly isPast?: (manager: EntityManager) => Promise<boolean>;
}

const NO_NEWS: News = { awoken: [], freed: [], attached: [] };

/** Orders from outside of every lease: each locks the invocation first, and decides by what it is then. */
export class Controls {
  constructor(
    private readonly transaction: Transaction,
    private readonly sql: Statements,
  ) {}

  cancel(id: string, errorOf: ErrorOf): Promise<Controlled> {
    return this.on(id, (manager, row) => this.interrupt(manager, row, errorOf, 'cancelled'));
  }

  expire(id: string, errorOf: ErrorOf): Promise<Controlled> {
    const isPast = async (manager: EntityManager): Promise<boolean> =>
      (await manager.query<object[]>(this.sql.expire, [id])).length > 0;
    return this.on(id, (manager, row) => this.interrupt(manager, row, errorOf, 'failed'), { isPast });
  }

  kill(id: string, errorOf: ErrorOf): Promise<Controlled> {
    const end = (manager: EntityManager, row: ControlRow, below: readonly ControlRow[]) =>
      this.end(manager, [row, ...below], errorOf, 'cancelled');
    return this.on(id, end, { withTree: true });
  }

  pause(id: string, error: string): Promise<Controlled> {
    return this.on(id, async (manager, row) => {
      if (row.status === 'paused') return { result: 'refused', news: NO_NEWS, ended: [] };
      await manager.query(this.sql.controlPause, [id, error]);
      return { result: 'ok', news: { ...NO_NEWS, awoken: driven([row]) }, ended: [] };
    });
  }

  resume(id: string): Promise<Controlled> {
    return this.on(id, async (manager, row) => {
      if (row.status !== 'paused') return { result: 'refused', news: NO_NEWS, ended: [] };
      return this.goOn(manager, id);
    });
  }

  skipCompensation(id: string, value: string): Promise<Controlled> {
    return this.on(id, async (manager, row) => {
      const skipped =
        row.status === 'paused' ? await manager.query<unknown[]>(this.sql.controlSkip, [id, value]) : [];
      if (skipped.length === 0) return { result: 'refused', news: NO_NEWS, ended: [] };
      return this.goOn(manager, id);
    });
  }

  private async goOn(manager: EntityManager, id: string): Promise<Controlled> {
    const due = await manager.query<{ id: string; service: string }[]>(this.sql.controlResume, [id]);
    const awoken = due.map(hint => ({ ...hint, wakes: 0, owner: null }));
    return { result: 'ok', news: { ...NO_NEWS, awoken }, ended: [] };
  }

  private async on(
    id: string,
    act: (manager: EntityManager, row: ControlRow, below: readonly ControlRow[]) => Promise<Controlled>,
    { withTree = false, isPast }: Conditions = {},
  ): Promise<Controlled> {
    if (!isUuid(id)) return { result: 'not_found', news: NO_NEWS, ended: [] };
    return this.transaction(async manager => {
      if (isPast && !(await isPast(manager))) return { result: 'refused', news: NO_NEWS, ended: [] };
      const rows = await this.lock(manager, id, withTree);
      const row = rows.find(one => one.id === id.toLowerCase());
      if (!row || row.over) return { result: row ? 'over' : 'not_found', news: NO_NEWS, ended: [] };
      const below = rows.filter(one => one !== row);
      return act(manager, row, below);
    });
  }

  /**
   * A tree grows until its last row is locked: what was asked for while the lock was waited for is seen by the next
   * statement only, and nothing is asked for any more once the rows of all who could are locked.
   */
  private async lock(manager: EntityManager, id: string, withTree: boolean): Promise<ControlRow[]> {
    for (let known = -1; ;) {
      const rows = await manager.query<ControlRow[]>(this.sql.controlLock, [id, withTree]);
      if (!withTree || rows.length <= known) return rows;
      known = rows.length;
    }
  }

  /** Asks the handler to end, or ends what has none that could be asked. */
  private async interrupt(
    manager: EntityManager,
    row: ControlRow,
    errorOf: ErrorOf,
    status: EndStatus,
  ): Promise<Controlled> {
    const { id } = row;
    if (!(await this.isIdle(manager, row))) return this.ask(manager, id, errorOf(id));
    const parts = [await this.end(manager, [row], errorOf, status)];
    // The handler of a paused one cannot pass it on to those that it waits for.
    const below = row.status === 'paused' ? await this.lock(manager, id, true) : [];
    for (const one of below) {
      if (one.id === id || one.over) continue;
      const order = (await this.isIdle(manager, one))
        ? this.end(manager, [one], errorOf, 'cancelled')
        : this.ask(manager, one.id, errorOf(one.id));
      parts.push(await order);
    }
    return parts.reduce(joined);
  }

  /**
   * Whether nothing of it has run, or nothing of it can: there is no handler that could be asked. But if there is something
   * to undo, the request waits until it can be undone.
   */
  private async isIdle(manager: EntityManager, { id, status, epoch }: ControlRow): Promise<boolean> {
    if (status !== 'paused') return status === 'scheduled' && epoch === 0;
    return (await manager.query<unknown[]>(this.sql.saga, [id])).length === 0;
  }

  private async ask(manager: EntityManager, id: string, error: string): Promise<Controlled> {
    const asked = [id, uuid(), CANCEL_SIGNAL, error];
    const awoken = await manager.query<Awoken[]>(this.sql.controlAsk, asked);
    return { result: 'ok', news: { ...NO_NEWS, awoken }, ended: [] };
  }

  private async end(
    manager: EntityManager,
    rows: readonly ControlRow[],
    errorOf: ErrorOf,
    status: EndStatus,
  ): Promise<Controlled> {
    const ids = idsOf(rows);
    const values = [ids, ids.map(errorOf), status];
    const [row] = await manager.query<(NewsRow & { readonly ended: string | null })[]>(
      this.sql.controlEnd,
      values,
    );
    if (!row) return { result: 'over', news: NO_NEWS, ended: [] };
    const news = newsOf(row);
    const ended = parse<[string, string]>(row.ended).map(([one, origin]) => ({ id: one, origin }));
    return { result: 'ok', news: { ...news, awoken: [...news.awoken, ...driven(rows)] }, ended };
  }
}

function joined(one: Controlled, other: Controlled): Controlled {
  const { awoken, freed, attached } = other.news;
  return {
    result: one.result,
    news: {
      awoken: [...one.news.awoken, ...awoken],
      freed: [...one.news.freed, ...freed],
      attached: [...one.news.attached, ...attached],
    },
    ended: [...one.ended, ...other.ended],
  };
}

/** Those that somebody drove until now: he is to hear of it. */
function driven(rows: readonly ControlRow[]): Awoken[] {
  return rows.flatMap(({ id, service, owner }) =>
    owner === null ? [] : [{ id, service, owner, wakes: Number.MAX_SAFE_INTEGER }],
  );
}
