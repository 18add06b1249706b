import type { DataSource, EntityManager } from 'typeorm';
import { LOCKED_IDLE_MS } from './sql/patience.js';

/**
 * READ COMMITTED even where the server's default is another: these read again after they have waited. And each statement is
 * planned for its values, whatever the connection is set to (planned-queries.ts). In one round trip, as the protocol for
 * queries without parameters allows.
 */
const BEGUN = `set transaction isolation level read committed;
  set local idle_in_transaction_session_timeout = ${LOCKED_IDLE_MS}; set local plan_cache_mode = force_custom_plan`;

/** Runs a transaction of the library's own, which the server ends if it idles. */
export function ownTransaction<T>(
  dataSource: DataSource,
  run: (manager: EntityManager) => Promise<T>,
): Promise<T> {
  return dataSource.transaction(async manager => {
    await manager.query(BEGUN);
    return run(manager);
  });
}
