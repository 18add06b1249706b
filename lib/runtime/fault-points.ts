import type { Batch, BatchResult, Store } from '../ports/store.js';
import type { ScheduleStore } from '../ports/schedules.js';

/** Reaches a named point of the store; those around a commit come with its batch, and then with what became of it. */
export type Reach = (point: string, batch?: Batch, result?: BatchResult) => void | Promise<void>;

/** Key of the module option that sets fault points. For tests: it can stop or kill the process anywhere. */
export const FAULT_POINTS = Symbol.for('nestjs-durable.fault-points');

/**
 * A store that reaches a named point before and after every call that commits: `accept:before`, `claim:after` …
 *
 * - `accept`, `entry`, `signal`, `completion`: a batch with such writes; `outcome`, `release`, `backing_off`, `suspended`, `paused`: one
 *   with such a transition. A batch with several reaches the points of all of them.
 * - `fire`: of the slots of a schedule; `:after` only if it was this process that fired.
 * - `claim`: of ids that were announced; `sweep`: of whatever is due; `reap`; `retry`, `restart`; `enter`, `promote`: of the
 *   queues of objects; `subscribers`: the look-up of an event's handlers; `attach`, `answer`; `cancel`, `expire`, `kill`,
 *   `pause`, `resume`, `skip`. The first three reach `:after` only if they took something.
 */
export function withFaultPoints(store: Store, reach: Reach): Store {
  const around: Around = async (names, call, hasTaken = () => true) => {
    for (const name of names) await reach(`${name}:before`);
    const result = await call();
    if (hasTaken(result)) for (const name of names) await reach(`${name}:after`);
    return result;
  };
  const commit = async (batch: Batch): Promise<BatchResult> => {
    const names = partsOf(batch);
    for (const name of names) await reach(`${name}:before`, batch);
    const result = await store.commit(batch);
    for (const name of names) await reach(`${name}:after`, batch, result);
    return result;
  };
  const some = (taken: readonly unknown[]): boolean => taken.length > 0;
  const points: Partial<Store> = {
    commit,
    claim: request =>
      around(
        ['claim'],
        () => store.claim(request),
        ({ claimed }) => some(claimed),
      ),
    subscribers: events => around(['subscribers'], () => store.subscribers(events)),
    claimDue: request =>
      around(
        ['sweep'],
        () => store.claimDue(request),
        ({ claimed }) => some(claimed),
      ),
    reap: request =>
      around(
        ['reap'],
        () => store.reap(request),
        ({ reaped }) => some(reaped),
      ),
    enter: lease => around(['enter'], () => store.enter(lease)),
    promote: (ids, workerId) => around(['promote'], () => store.promote(ids, workerId)),
    attach: (entry, target) => around(['attach'], () => store.attach(entry, target)),
    answer: ids => around(['answer'], () => store.answer(ids)),
    restart: request => around(['restart'], () => store.restart(request)),
    schedules: schedulesWith(store.schedules, around),
    retry: id => around(['retry'], () => store.retry(id)),
    cancel: (id, errorOf) => around(['cancel'], () => store.cancel(id, errorOf)),
    expire: (id, errorOf) => around(['expire'], () => store.expire(id, errorOf)),
    kill: (id, errorOf) => around(['kill'], () => store.kill(id, errorOf)),
    pause: (id, error) => around(['pause'], () => store.pause(id, error)),
    resume: id => around(['resume'], () => store.resume(id)),
    skipCompensation: (id, value) => around(['skip'], () => store.skipCompensation(id, value)),
  };
  return new Proxy(store, {
    get: (target, key) => {
      const value: unknown = points[key as keyof Store] ?? Reflect.get(target, key, target);
      return typeof value === 'function' && !(key in points) ? (value.bind(target) as unknown) : value;
    },
  });
}

type Around = <R>(
  names: readonly string[],
  call: () => Promise<R>,
  hasTaken?: (result: R) => boolean,
) => Promise<R>;

function schedulesWith(schedules: ScheduleStore, around: Around): ScheduleStore {
  const fire: ScheduleStore['fire'] = firing =>
    around(
      ['fire'],
      () => schedules.fire(firing),
      result => result === 'ok',
    );
  return Object.assign(Object.create(schedules) as ScheduleStore, { fire });
}

/** What a batch commits. */
function partsOf({ accepts, entries, transitions, arrivals }: Batch): string[] {
  const parts = new Set<string>();
  if (accepts.length > 0) parts.add('accept');
  if (entries.length > 0) parts.add('entry');
  for (const { kind } of arrivals) parts.add(kind);
  for (const { status } of transitions) parts.add(POINT_OF[status] ?? status);
  return [...parts];
}

const POINT_OF: Partial<Record<string, string>> = {
  completed: 'outcome',
  failed: 'outcome',
  cancelled: 'outcome',
  scheduled: 'release',
};
