import type { ObjectRef, Promoted, StateWrite } from '../../ports/store.js';
import type { PlannedQueries } from './planned-queries.js';
import { promotedClaims } from './rows.js';
import type { PromotedRow } from './rows.js';
import type { Source } from './source.js';
import type { Statements } from './statements.js';

/** Who has an object: gives it to the next one in line, or to nobody while its state is edited. */
export class Objects {
  constructor(
    private readonly source: Source,
    private readonly planned: PlannedQueries,
    private readonly sql: Statements,
  ) {}

  async promote(objectIds: readonly string[], workerId: string | null): Promise<Promoted> {
    const rows = await this.planned.query<PromotedRow>(this.sql.promote, [objectIds, workerId]);
    const promoted = new Set(rows.map(({ objectId }) => objectId));
    // Those that changed in that moment; most often there are none.
    const left = objectIds.filter(id => !promoted.has(id));
    if (left.length > 0) rows.push(...(await this.promoteLocked(left, workerId)));
    if (workerId !== null) return { claimed: promotedClaims(rows), due: [] };
    return { claimed: [], due: rows.map(({ id, service }) => ({ id, service })) };
  }

  async editState(
    { id, key }: ObjectRef,
    changes: readonly Omit<StateWrite, 'objectId'>[],
  ): Promise<'ok' | 'busy'> {
    return this.source.transaction(async manager => {
      await manager.query(this.sql.editLock, [id, key]);
      const [row] = await manager.query<{ busy: boolean }[]>(this.sql.editCheck, [id]);
      if (row?.busy !== false) return 'busy';
      const set = changes.filter(({ value }) => value !== null);
      const unset = changes.filter(({ value }) => value === null);
      const names = (of: typeof changes): string[] => of.map(({ name }) => name);
      const values = set.map(({ value }) => value);
      await manager.query(this.sql.editState, [id, names(set), values, names(unset)]);
      await manager.query(this.sql.editRelease, [id]);
      return 'ok';
    });
  }

  private promoteLocked(objectIds: readonly string[], workerId: string | null): Promise<PromotedRow[]> {
    return this.source.transaction(async manager => {
      await manager.query(this.sql.promoteLock, [objectIds]);
      return manager.query<PromotedRow[]>(this.sql.promoteTake, [objectIds, workerId]);
    });
  }
}
