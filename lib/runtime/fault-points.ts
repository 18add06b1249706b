import type { Batch, Store } from '../ports/store.js';
import type { FaultPoints } from './environment.js';

/** Key of the module option that sets fault points. For tests: it can stop or kill the process anywhere. */
export const FAULT_POINTS = Symbol.for('nestjs-durable.fault-points');

/** A store that reaches a named point before and after every call that commits: `accept:before`, `claim:after` … */
export function withFaultPoints(store: Store, reach: FaultPoints): Store {
  const around = async <R>(names: readonly string[], call: () => Promise<R>): Promise<R> => {
    for (const name of names) await reach(`${name}:before`);
    const result = await call();
    for (const name of names) await reach(`${name}:after`);
    return result;
  };
  const points: Partial<Store> = {
    commit: batch => around(partsOf(batch), () => store.commit(batch)),
    claim: request => around(['claim'], () => store.claim(request)),
    claimDue: request => around(['claim'], () => store.claimDue(request)),
    reap: request => around(['reap'], () => store.reap(request)),
    retry: id => around(['retry'], () => store.retry(id)),
  };
  return new Proxy(store, {
    get: (target, key) => {
      const value: unknown = points[key as keyof Store] ?? Reflect.get(target, key, target);
      return typeof value === 'function' && !(key in points) ? (value.bind(target) as unknown) : value;
    },
  });
}

/** What a batch commits: `accept`, `step` (an entry), and where invocations go: `outcome`, `backing_off`, `release` … */
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
