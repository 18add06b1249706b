import type { EntityManager } from 'typeorm';
import type { News, ReapResult } from '../../ports/store.js';
import { idsOf, newsOf } from './rows.js';
import type { NewsRow, ReapRow } from './rows.js';
import type { Source } from './source.js';
import type { Statements } from './statements.js';

/** What is known of an invocation that killed too many workers. */
export interface Poison {
  readonly invocationId: string;
  /** Workers that died in a row. */
  readonly deaths: number;
  /** Name of the last step that was begun and has no outcome, if any. */
  readonly step?: string;
}

const NO_NEWS: News = { awoken: [], freed: [], attached: [] };

/** Takes away what belongs to workers that are dead. */
export class Reaper {
  constructor(
    private readonly source: Source,
    private readonly sql: Statements,
    private readonly poisonError: (poison: Poison) => string,
  ) {}

  async reap({
    maxDeaths,
    limit,
  }: {
    readonly maxDeaths: number;
    readonly limit: number;
  }): Promise<ReapResult> {
    const orphans = await this.source.query<{ id: string }>(this.sql.reapFind, [limit]);
    if (orphans.length === 0) return { reaped: [], news: NO_NEWS };
    return this.source.transaction(manager => this.take(manager, idsOf(orphans), maxDeaths));
  }

  private async take(
    manager: EntityManager,
    orphans: readonly string[],
    maxDeaths: number,
  ): Promise<ReapResult> {
    const locked = await manager.query<{ id: string }[]>(this.sql.reapLock, [orphans, maxDeaths]);
    const taken = await manager.query<ReapRow[]>(this.sql.reapTake, [idsOf(locked), maxDeaths]);
    const reaped = taken.map(({ id, service, status, origin }) => ({ id, service, status, origin }));
    const poison = taken.filter(({ status }) => status === 'failed');
    if (poison.length === 0) return { reaped, news: NO_NEWS };
    const errors = poison.map(({ id: invocationId, deaths, step }) =>
      this.poisonError({ invocationId, deaths, ...(step !== null && { step }) }),
    );
    const [row] = await manager.query<NewsRow[]>(this.sql.reapFail, [idsOf(poison), errors]);
    return { reaped, news: row ? newsOf(row) : NO_NEWS };
  }
}
