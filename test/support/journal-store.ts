import type { JournalEntry } from '../../lib/engine/entry.js';
import type { Batch, BatchResult, Transition } from '../../lib/ports/store.js';

/** One invocation's journal, for tests of replay alone: what is committed here is all that the next attempt knows. */
export class JournalOfOne {
  readonly entries = new Map<number, JournalEntry>();
  transition: Transition | undefined;
  epoch = 1;
  commits = 0;
  /** Called before a batch is applied; a throw is a crash: nothing of it is applied. */
  beforeCommit: (commit: number) => void = () => undefined;

  commit(batch: Batch): BatchResult {
    this.beforeCommit(++this.commits);
    const entries = batch.entries.map(({ lease, ...write }) => {
      if (lease.epoch !== this.epoch || this.transition) return 'fenced' as const;
      const recorded = this.entries.get(write.index);
      if (recorded && recorded.seq !== null) return 'duplicate' as const;
      this.entries.set(write.index, { ...write, dueIn: write.dueInMs, epoch: lease.epoch });
      return 'ok' as const;
    });
    const transitions = batch.transitions.map(transition => {
      if (transition.lease.epoch !== this.epoch || this.transition) return 'fenced' as const;
      this.transition = transition;
      return 'ok' as const;
    });
    return { accepts: [], entries, transitions };
  }

  /** A new claim: its epoch, and the journal that it finds. */
  claim(): { epoch: number; journal: JournalEntry[] } {
    this.epoch++;
    this.transition = undefined;
    return { epoch: this.epoch, journal: [...this.entries.values()].sort((a, b) => a.index - b.index) };
  }
}
