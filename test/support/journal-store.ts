import type { JournalEntry, Outcome } from '../../lib/engine/entry.js';
import type {
  Batch,
  BatchResult,
  BufferedSignal,
  EntryRef,
  EntryWrite,
  Inbox,
  NewInvocation,
  Transition,
} from '../../lib/ports/store.js';

const NO_NEWS = { awoken: [], freed: [], attached: [] };

/** One invocation's journal, for tests of replay alone: what is committed here is all that the next attempt knows. */
export class JournalOfOne {
  readonly entries = new Map<number, JournalEntry>();
  /** Invocations that it asked for. */
  readonly accepted = new Map<string, NewInvocation>();
  readonly state = new Map<string, string>();
  signals: BufferedSignal[] = [];
  wakes = 0;
  transition: Transition | undefined;
  epoch = 1;
  commits = 0;
  /** Called before a batch is applied; a throw is a crash: nothing of it is applied. */
  beforeCommit: (commit: number) => void = () => undefined;
  /** Called for each invocation that it asks for, and that was not there. */
  onAccept: (asked: NewInvocation) => void = () => undefined;
  /** Called when something has arrived. */
  onArrival: () => void = () => undefined;
  private readonly dueAt = new Map<number, number>();

  commit(batch: Batch): BatchResult {
    this.beforeCommit(++this.commits);
    const isHeld = ({ epoch }: { epoch: number }): boolean => epoch === this.epoch && !this.transition;
    const accepts = batch.accepts.map(asked => {
      if (asked.parent && !isHeld(asked.parent.lease)) return 'fenced' as const;
      if (this.accepted.has(asked.id)) return 'duplicate' as const;
      this.accepted.set(asked.id, asked);
      setImmediate(() => this.onAccept(asked));
      return 'ok' as const;
    });
    const entries = batch.entries.map(write => (isHeld(write.lease) ? this.write(write) : 'fenced'));
    const transitions = batch.transitions.map(transition => {
      if (!isHeld(transition.lease)) return 'fenced' as const;
      this.transition = transition;
      return 'ok' as const;
    });
    return { accepts, entries, transitions, arrivals: [], news: NO_NEWS };
  }

  /** A new claim: its epoch, and the journal that it finds. */
  claim(): { epoch: number; journal: JournalEntry[] } {
    this.epoch++;
    this.transition = undefined;
    const journal = [...this.entries.values()].map(entry => ({
      ...entry,
      dueIn:
        entry.outcome === null && this.dueAt.has(entry.index)
          ? Math.ceil((this.dueAt.get(entry.index) ?? 0) - performance.now())
          : entry.dueIn,
    }));
    return { epoch: this.epoch, journal: journal.sort((a, b) => a.index - b.index) };
  }

  /** Settles an entry from outside: the first one wins. */
  settle(index: number, outcome: Outcome, value: string): void {
    const entry = this.entries.get(index);
    if (entry?.outcome !== null) return;
    this.entries.set(index, { ...entry, outcome, value });
    this.arrived();
  }

  /** Sends a signal. */
  signal(signal: BufferedSignal): void {
    this.signals.push(signal);
    this.arrived();
  }

  inbox(): Inbox {
    const settled = [...this.entries.values()].filter(
      ({ kind, outcome, seq }) => kind !== 'step' && outcome !== null && seq === null,
    );
    return {
      invocationId: '',
      epoch: this.epoch,
      wakes: this.wakes,
      settled: settled as Inbox['settled'],
      signals: this.signals,
    };
  }

  async remaining(entries: readonly EntryRef[]): Promise<number[]> {
    return entries.map(({ index }) => this.leftOf(index));
  }

  private arrived(): void {
    this.wakes++;
    this.onArrival();
  }

  private leftOf(index: number): number {
    return Math.max(0, Math.ceil((this.dueAt.get(index) ?? 0) - performance.now()));
  }

  private write({ lease, state, signalId, at, ...write }: EntryWrite): 'ok' | 'duplicate' {
    if (state?.value === null) this.state.delete(state.name);
    else if (state) this.state.set(state.name, state.value);
    if (signalId !== undefined) this.signals = this.signals.filter(({ id }) => id !== signalId);
    const recorded = this.entries.get(write.index);
    if (recorded && recorded.seq !== null) return 'duplicate';
    if (recorded && recorded.outcome !== null && write.outcome === null) return 'duplicate';
    const dueInMs = at ? at.getTime() - Date.now() : write.dueInMs;
    if (dueInMs !== null && write.outcome === null) this.dueAt.set(write.index, performance.now() + dueInMs);
    this.entries.set(write.index, { ...write, dueIn: write.dueInMs, epoch: lease.epoch });
    return 'ok';
  }
}
