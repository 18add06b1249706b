import type { Batch, Store } from '../ports/store.js';
import type { FaultPoints } from './environment.js';

/** Key of the module option that sets fault points. For tests: it can stop or kill the process anywhere. */
export const FAULT_POINTS = Symbol.for('nestjs-durable.fault-points');

/**
 * A store that reaches a named point before and after every call that commits: `accept:before`, `claim:after` …
 *
 * - `accept`, `entry`: a batch with such writes; `outcome`, `release`, `backing_off`, `suspended`, `paused`: one
 *   with such a transition. A batch with several reaches the points of all of them.
 * - `claim`: of ids that were announced; `sweep`: of whatever is due; `reap`; `retry`. The first three reach
 *   `:after` only if they took something.
 */
export function withFaultPoints(store: Store, reach: FaultPoints): Store {
  const around = async <R>(
    names: readonly string[],
    call: () => Promise<R>,
    hasTaken: (result: R) => boolean = () => true,
  ): Promise<R> => {
    for (const name of names) await reach(`${name}:before`);
    const result = await call();
    if (hasTaken(result)) for (const name of names) await reach(`${name}:after`);
    return result;
  };
  const some = (taken: readonly unknown[]): boolean => taken.length > 0;
  const points: Partial<Store> = {
    commit: batch => around(partsOf(batch), () => store.commit(batch)),
    claim: request =>
      around(
        ['claim'],
        () => store.claim(request),
        ({ claimed }) => some(claimed),
      ),
    claimDue: request => around(['sweep'], () => store.claimDue(request), some),
    reap: request => around(['reap'], () => store.reap(request), some),
    retry: id => around(['retry'], () => store.retry(id)),
  };
  return new Proxy(store, {
    get: (target, key) => {
      const value: unknown = points[key as keyof Store] ?? Reflect.get(target, key, target);
      return typeof value === 'function' && !(key in points) ? (value.bind(target) as unknown) : value;
    },
  });
}

/** What a batch commits. */
function partsOf({ accepts, entries, transitions }: Batch): string[] {
  const parts = new Set<string>();
  if (accepts.length > 0) parts.add('accept');
  if (entries.length > 0) parts.add('entry');
  for (const { status } of transitions) parts.add(POINT_OF[status] ?? status);
  return [...parts];
}

const POINT_OF: Partial<Record<string, string>> = {
  completed: 'outcome',
  failed: 'outcome',
  cancelled: 'outcome',
  scheduled: 'release',
};
