import { CANCEL_SIGNAL } from '../../ports/store.js';
import type { Restarted, RestartRequest, Store } from '../../ports/store.js';
import { isUuid } from './parameters.js';
import type { RestartRow, RetryRow } from './rows.js';
import type { Source } from './source.js';
import type { Statements } from './statements.js';

/** Runs again what has ended: the same invocation, or a new one from its journal. */
export class Reruns {
  constructor(
    private readonly source: Source,
    private readonly sql: Statements,
  ) {}

  async retry(id: string): ReturnType<Store['retry']> {
    if (!isUuid(id)) return 'not_found';
    return this.source.transaction(async manager => {
      const [row] = await manager.query<RetryRow[]>(this.sql.retryLock, [id]);
      if (!row) return 'not_found';
      if (row.status !== 'failed') return 'not_failed';
      const [saga] = await manager.query<{ settled: boolean }[]>(this.sql.saga, [id]);
      if (saga?.settled) return 'compensated';
      await manager.query(this.sql.retryRewind, [id, CANCEL_SIGNAL]);
      return 'ok';
    });
  }

  async restart({ id, newId, from, origin }: RestartRequest): Promise<Restarted> {
    if (!isUuid(id)) return { result: 'not_found' };
    const [row] = await this.source.query<RestartRow>(this.sql.restart, [id, newId, from, origin]);
    if (!row) return { result: 'not_found' };
    if (!row.still) return { result: 'not_over' };
    return row.marked ? { result: 'ok', service: row.service } : { result: 'no_entry' };
  }
}
