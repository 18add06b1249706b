/**
 * What holds after every run, whatever happened in it:
 *
 * I1. Every accepted invocation is over, or parked with a reason.
 * I2. It has one journal row per index and one outcome: what its caller got, what its journal has, and what one
 *     execution in the ledger gave are the same.
 * I3. A recorded step is never executed again, and nothing is executed twice unless a process died of it (or lost
 *     its lease) between the two.
 * I4, I5, I7. See `order-checks.ts`.
 * I6. No lease is older than twice its time: `Scene.conclude` waits for it.
 * I8. When all have ended in an orderly way, nothing is left: no lease, no running row, no held object, no open transaction.
 * I9. Connections and keys are gone, but for those that stay for ever: `residue`.
 */
import type { LedgerLine } from '../../apps/faults/protocol.js';
import { earlyTimers, epochBreaches, overlaps, sleeps } from './order-checks.js';
import type { EntryRow, InvocationRow, Records } from './records.js';
import type { Trial } from './trial.js';

/** What a run has gone through, by the test's own account. */
export interface Account {
  /** Ids that a resolved `send()` gave. */
  readonly accepted: readonly string[];
  /** What callers were given, by id. */
  readonly results: ReadonlyMap<string, readonly string[]>;
  /** Processes that were killed, or that lost their lease: what they began may be begun again elsewhere. */
  readonly broken: ReadonlySet<number>;
  /** Those of them that lived on without a lease, and may have been late. */
  readonly late: ReadonlySet<number>;
  /** Processes whose application was closed and started again: what they had not finished is driven again. */
  readonly released?: ReadonlySet<number>;
  /** Invocations that were run again on request, once. */
  readonly retried?: ReadonlySet<string>;
}

/** Breaches of I1 to I5 and I7, as sentences; none if all is well. */
export function breaches(records: Records, ledger: readonly LedgerLine[], account: Account): string[] {
  const rows = new Map(records.invocations.map(row => [row.id, row]));
  const journals = groupBy(records.entries, entry => entry.id);
  const witnessed = groupBy(ledger, line => line.id ?? '');
  const lost = account.accepted.filter(id => !rows.has(id)).map(id => `${id} was accepted and is gone (I1)`);
  return lost.concat(
    overlaps(records, account.retried ?? new Set()),
    earlyTimers(records, ledger),
    records.invocations.flatMap(row => {
      const journal = journals.get(row.id) ?? [];
      const lines = witnessed.get(row.id) ?? [];
      return [
        ...unfinished(row),
        ...outcomeBreaches(row, journal, lines, account.results.get(row.id)),
        ...executionBreaches(row, journal, lines, account),
        ...epochBreaches(row, journal),
      ].map(breach => `${row.id}: ${breach}`);
    }),
  );
}

/** Breaches of I8. */
export function leftovers({ workers, invocations, objects }: Records, openTransactions: number): string[] {
  const owned = invocations.filter(({ status, owner }) => status === 'running' || owner !== null);
  return [
    ...workers.map(id => `worker ${id} still has a lease (I8)`),
    ...owned.map(({ id }) => `${id} is still running (I8)`),
    ...objects.map(key => `object ${key} is still held (I8)`),
    ...(openTransactions > 0 ? [`${openTransactions} transactions are open (I8)`] : []),
  ];
}

/** Which total a breach belongs to, by the invariant that it names. */
const TOTAL_OF: Readonly<Record<string, string>> = {
  I1: 'invocations lost',
  I2: 'wrong outcomes',
  I3: 'recorded steps executed again',
  I4: 'writes of an old epoch',
  I5: 'overlapping writers of one key',
  I7: 'early timers',
  I8: 'left behind',
  I9: 'left behind',
};

/** Adds to a trial what a run was made of, and the breaches that were found in it. */
export function tally(
  trial: Trial,
  { invocations }: Records,
  ledger: readonly LedgerLine[],
  found: readonly string[],
): void {
  const lost = found.filter(breach => breach.includes('is gone')).length;
  trial.total('invocations accepted', invocations.length + lost);
  trial.total(
    'steps executed',
    ledger.filter(({ what, phase }) => what === 'step' && phase === 'start').length,
  );
  trial.total('timers over', sleeps(ledger).length);
  trial.total('schedule slots', invocations.filter(({ slot }) => slot !== null).length);
  for (const breach of found) trial.total(TOTAL_OF[/\((I\d)\)/.exec(breach)?.[1] ?? ''] ?? 'left behind');
}

function unfinished({ status, error }: InvocationRow): string[] {
  if (status === 'completed' || status === 'failed' || status === 'cancelled') return [];
  return status === 'paused' && error !== null ? [] : [`is ${status} (I1)`];
}

function outcomeBreaches(
  row: InvocationRow,
  journal: readonly EntryRow[],
  lines: readonly LedgerLine[],
  given: readonly string[] | undefined,
): string[] {
  if (row.status !== 'completed') return [];
  const recorded = journal.filter(isStep).map(({ value }) => JSON.parse(value ?? 'null') as string);
  const result: unknown = JSON.parse(row.output ?? 'null');
  // What routes an event follows no plan.
  const output = Array.isArray(result) ? (result as string[]) : [];
  const ended = new Set(
    lines.filter(({ what, phase }) => what === 'step' && phase === 'end').map(({ token }) => token),
  );
  const same = (one: readonly string[], other: readonly string[]): boolean => one.join() === other.join();
  return [
    ...(journal.every(({ index }, at) => index === at) ? [] : ['its journal has a gap or a double (I2)']),
    ...(same(output, recorded)
      ? []
      : [`output ${output.join()} is not its journal, ${recorded.join()} (I2)`]),
    ...(given && !same(given, output)
      ? [`its caller got ${given.join()} instead of ${output.join()} (I2)`]
      : []),
    ...recorded.filter(token => !ended.has(token)).map(token => `nobody executed ${token} (I2)`),
  ];
}

function executionBreaches(
  { id, epoch, failedAttempts }: InvocationRow,
  journal: readonly EntryRow[],
  lines: readonly LedgerLine[],
  { broken, late, retried, released }: Account,
): string[] {
  const once = retried?.has(id) ? 2 : 1;
  const begun = lines.filter(({ phase }) => phase === 'start');
  const steps = begun.filter(({ what }) => what === 'step');
  const order = new Map(journal.map(({ name, index }) => [name, index]));
  const place = ({ name }: LedgerLine): number => order.get(name) ?? Infinity;
  const again = steps.filter(
    (line, at) => !late.has(line.pid) && steps.slice(0, at).some(earlier => place(earlier) > place(line)),
  );
  const twice = [...groupBy(steps, ({ name }) => name)].flatMap(([name, executions]) =>
    unexcused(executions, broken, late) > once
      ? [`${name} was executed ${executions.length} times (I3)`]
      : [],
  );
  const attempts = begun.filter(({ what }) => what === 'handler');
  // What waits may let go, and what is released, and be driven again: under a lease of its own every time.
  const waits = journal.some(entry => !isStep(entry)) || attempts.some(({ pid }) => released?.has(pid));
  const drives = (waits ? attempts.length > epoch : unexcused(attempts, broken, late) > once + failedAttempts)
    ? [`${attempts.length} attempts (I3)`]
    : [];
  const inOneAttempt = [...groupBy(steps, ({ name, within }) => `${name} of ${within}`)].flatMap(
    ([name, executions]) => (executions.length > 1 ? [`${name} was executed twice (I3)`] : []),
  );
  const repeated = again.map(({ token }) => `${token} was recorded and executed again (I3)`);
  return [...repeated, ...twice, ...drives, ...inOneAttempt];
}

function isStep({ kind }: EntryRow): boolean {
  return kind === 'step';
}

/** How many executions nothing excuses. Of those of one killed process, one was in flight when it died. */
function unexcused(
  executions: readonly LedgerLine[],
  broken: ReadonlySet<number>,
  late: ReadonlySet<number>,
): number {
  const whole = executions.filter(({ pid }) => !broken.has(pid)).length;
  const ofKilled = executions.filter(({ pid }) => broken.has(pid) && !late.has(pid));
  const killed = new Set(ofKilled.map(({ pid }) => pid));
  return whole + ofKilled.length - killed.size;
}

function groupBy<T, K>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
