import type { Batch, BatchResult, EntryWrite, Transition } from '../ports/store.js';
import type { ErrorCodec } from '../ports/codec.js';

/** One commit, as people read it. */
export interface Commit {
  /** As `the commit of entry 2 of OrderService.checkout: step PaymentGateway.charge`. */
  readonly label: string;
  /** Whether a worker made it, who loses it by dying before. What clients ask for is theirs. */
  readonly isOfWorker: boolean;
}

/** What an application commits, in order. */
export class CommitLog {
  readonly commits: Commit[] = [];
  /** Steps whose outcome is recorded, by their idempotency key. */
  readonly recorded = new Set<string>();
  private readonly names = new Map<string, string>();
  private readonly under = new Set<Batch>();

  constructor(private readonly errors: ErrorCodec) {}

  /** A point before a commit was reached; whether it is the first one of it. */
  begins(batch: Batch): boolean {
    if (this.under.has(batch)) return false;
    this.under.add(batch);
    for (const { id, service, handler } of batch.accepts) this.names.set(id, `${service}.${handler}`);
    this.commits.push({ label: this.labelOf(batch), isOfWorker: isOfWorker(batch) });
    return true;
  }

  /** A point after a commit was reached; whether it is the first one of it. */
  ends(batch: Batch, result?: BatchResult): boolean {
    if (!this.under.delete(batch)) return false;
    for (const [at, { lease, index, outcome }] of batch.entries.entries())
      if (outcome !== null && result?.entries[at] === 'ok')
        this.recorded.add(`${lease.invocationId}/${index}`);
    return true;
  }

  /** The error of an attempt that a commit ended otherwise than its code wanted it to. */
  defect({ transitions }: Batch): Error | undefined {
    return transitions
      .filter(({ error }) => error !== null)
      .map(({ status, error }) => ({ status, error: this.errors.decode(error as string) }))
      .find(({ status, error }) => status === 'paused' || error.name === 'UnjournaledAwaitError')?.error;
  }

  private labelOf({ accepts, entries, transitions, arrivals }: Batch): string {
    const parts = [
      ...accepts.map(({ id }) => `the acceptance of ${this.nameOf(id)}`),
      ...entries.map(write => this.entry(write)),
      ...transitions.map(
        ({ lease, status }) => `${ENDS[status] ?? status} of ${this.nameOf(lease.invocationId)}`,
      ),
      ...arrivals.map(({ kind }) => `the arrival of a ${kind}`),
    ];
    return parts.join(' and ');
  }

  private entry({ lease, index, kind, name, outcome, tries }: EntryWrite): string {
    const what = outcome === null ? (tries > 0 ? `, failed try ${tries}` : ', begun') : `, ${outcome}`;
    return `entry ${index} of ${this.nameOf(lease.invocationId)} (${`${kind} ${name}`.trimEnd()}${what})`;
  }

  private nameOf(id: string): string {
    return this.names.get(id) ?? id;
  }
}

const ENDS: Partial<Record<Transition['status'], string>> = {
  completed: 'the outcome (completed)',
  failed: 'the outcome (failed)',
  cancelled: 'the outcome (cancelled)',
  suspended: 'the suspension',
  backing_off: 'the wait for a retry',
  paused: 'the pause',
  scheduled: 'the release',
};

function isOfWorker({ accepts, entries, transitions }: Batch): boolean {
  return entries.length + transitions.length > 0 || accepts.some(({ parent }) => parent !== null);
}
