import type { Arrival, Batch } from '../../../ports/store.js';
import { isTerminal } from '../../../engine/status.js';
import { Parameters } from '../parameters.js';
import type { Statement } from '../parameters.js';
import type { Tables } from '../tables.js';
import { accepted } from './commit-accepts.js';
import { answered, completed, signalled, woken } from './commit-arrivals.js';
import { written } from './commit-entries.js';
import { freed, gates, joinsQueue, queued } from './commit-objects.js';
import { stated, taken } from './commit-states.js';
import { concernsOthers, moved } from './commit-transitions.js';
import { held } from './fence.js';

/**
 * What a commit answers: JSON arrays as text, `null` where a part has no row or is not in the statement.
 *
 * Almost always all writes of a batch do what they are to do: where `true` stands for that, nothing has to be put
 * together by the server, and taken apart again.
 */
export interface CommitRow {
  /** Ids of the fenced rows with their epoch and status: `[id, epoch, status][]`; `null` if no result depends on them. */
  readonly held: string | null;
  /** Ids that were inserted, and whether they wait for their object: `[id, 0 | 1][]`; `true`: all, and none of them waits. */
  readonly accepted: string | null;
  /** Entries that were written: `[id, index, epoch][]`; `true`: all. */
  readonly written: string | null;
  /** Invocations that changed their status: `[id, epoch][]`; `true`: all. */
  readonly moved: string | null;
  /** Invocations that are over, and that others are attached to: `[id][]`. */
  readonly attached: string | null;
  /** Invocations that were suspended although something had arrived: `[id, service, wakes, null][]`. */
  readonly missed: string | null;
  /** Signals that were buffered: `[invocation id, id][]`. */
  readonly signalled: string | null;
  /** Awakeables as they were: `[invocation id, index, whether the token fits, whether it was settled so before][]`. */
  readonly completing: string | null;
  /** Awakeables that were settled: `[invocation id, index][]`. */
  readonly completed: string | null;
  /** Invocations that something arrived for: `[id, service, wakes, owner][]`. */
  readonly woken: string | null;
  /** Objects that were freed while others wait: `[id][]`. */
  readonly freed: string | null;
}

/**
 * The group commit: one statement, hence one implicit transaction and one round trip, made of only the parts
 * that the batch uses, so that its plan holds nothing that it does not need.
 */
export function commit(t: Tables, batch: Batch): Statement {
  const p = new Parameters();
  const { accepts, entries, transitions, arrivals } = batch;
  const parts: string[] = [];
  const answers: string[] = [];
  const whole: string[] = [];
  const all = (part: string, columns: string, count: number, where?: string): void => {
    const expected = p.add(count, 'int');
    whole.push(`${counted(part)} = ${expected}`);
    answers.push(exceptions(part, columns, `${counted(part, where)} = ${expected}`));
  };
  const locked = lockedInvocations(batch);
  const hasLocks = locked.length > 0;
  if (hasLocks) parts.push(held(t, p.add(locked, 'uuid[]')));
  const objects = lockedObjects(batch);
  if (objects.length > 0) parts.push(gates(t, p.add(objects, 'uuid[]'), hasLocks));
  if (accepts.length > 0) {
    parts.push(...accepted(t, p, accepts, hasLocks, () => queued(t)));
    all('accepted', 'id, queued', accepts.length, 'queued = 0');
  }
  if (entries.length > 0) {
    parts.push(written(t, p, entries), ...stated(t, p, entries), ...taken(t, p, entries));
    all('written', 'invocation_id, index, epoch', entries.length);
  }
  if (transitions.length > 0) {
    parts.push(...moved(t, p, transitions));
    all('moved', 'id, epoch', transitions.length);
    answers.push(answer('moved', 'id', 'attached', 'attached'));
  }
  if (arrivals.length > 0) answers.push(answer('held', 'id, epoch, status'));
  else if (hasLocks)
    answers.push(answer('held', 'id, epoch, status', 'held', `not (${whole.join(' and ')})`));
  others(t, p, batch, parts, answers);
  return { text: `with ${parts.join(',\n')}\nselect\n  ${answers.join(',\n  ')}`, values: p.values };
}

/** What a batch means for others than those whose lease it has. */
function others(t: Tables, p: Parameters, batch: Batch, parts: string[], answers: string[]): void {
  const { transitions, arrivals } = batch;
  const waking: string[] = [];
  if (transitions.some(({ status }) => status === 'suspended'))
    answers.push(answer('moved', 'id, service, wakes, null', 'missed', 'missed'));
  if (transitions.some(({ status, holds }) => isTerminal(status) && holds !== null)) {
    parts.push(...freed(t));
    answers.push(answer('freed', 'id'));
  }
  if (transitions.some(({ status, parent }) => isTerminal(status) && parent !== null)) {
    parts.push(answered(t));
    waking.push('answered');
  }
  const signals = arrivals.filter(isSignal);
  if (signals.length > 0) {
    parts.push(signalled(t, p, signals));
    answers.push(answer('signalled', 'invocation_id, id'));
    waking.push('signalled');
  }
  const completions = arrivals.filter(arrival => !isSignal(arrival));
  if (completions.length > 0) {
    parts.push(...completed(t, p, completions));
    answers.push(answer('completing', 'invocation_id, index, known, same'));
    answers.push(answer('completed', 'invocation_id, index'));
    waking.push('completed');
  }
  if (waking.length === 0) return;
  parts.push(woken(t, waking));
  answers.push(answer('woken', 'id, service, wakes, owner'));
}

function isSignal(arrival: Arrival): arrival is Extract<Arrival, { kind: 'signal' }> {
  return arrival.kind === 'signal';
}

function answer(part: string, columns: string, name = part, where?: string): string {
  return `${rows(part, columns, where)} as ${name}`;
}

/** The rows of a part, unless there is one for each write that it is for. */
function exceptions(part: string, columns: string, isWhole: string): string {
  return `case when ${isWhole} then 'true' else ${rows(part, columns)} end as ${part}`;
}

function rows(part: string, columns: string, where?: string): string {
  return `(select json_agg(json_build_array(${columns}))::text from ${part}${filter(where)})`;
}

function counted(part: string, where?: string): string {
  return `(select count(*) from ${part}${filter(where)})`;
}

function filter(where: string | undefined): string {
  return where === undefined ? '' : ` where ${where}`;
}

/** Invocations that a batch writes under, or brings something to: in id order. */
function lockedInvocations({ accepts, entries, transitions, arrivals }: Batch): string[] {
  const ids = new Set<string>();
  for (const { parent } of accepts) if (parent) ids.add(parent.lease.invocationId);
  for (const { lease } of entries) ids.add(lease.invocationId);
  for (const transition of transitions) {
    ids.add(transition.lease.invocationId);
    if (concernsOthers(transition) && transition.parent) ids.add(transition.parent.invocationId);
  }
  for (const one of arrivals) ids.add(isSignal(one) ? one.invocationId : one.entry.invocationId);
  return [...ids].sort();
}

/** Objects that a batch frees or queues for. */
function lockedObjects({ accepts, transitions }: Batch): string[] {
  const ids = new Set<string>();
  for (const accept of accepts) if (accept.object && joinsQueue(accept)) ids.add(accept.object.id);
  for (const { status, holds } of transitions) if (holds !== null && isTerminal(status)) ids.add(holds);
  return [...ids].sort();
}
