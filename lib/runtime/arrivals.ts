import { CANCEL_SIGNAL, type BufferedSignal, type Inbox } from '../ports/store.js';
import type { Settlement } from './execution.js';

/** A signal, and who was given it; it may come back until it is delivered. */
interface Signal extends BufferedSignal {
  taken: boolean;
}

interface SignalReader {
  readonly name: string;
  resolve(signal: BufferedSignal): void;
}

/** A wait for a signal. */
export interface SignalWait {
  readonly signal: Promise<BufferedSignal>;
  /** Waits no more; a signal that it was given goes to the next one that waits for it. */
  cancel(): void;
}

/** What comes to an attempt from outside: outcomes of its calls, completions, signals. Each is given once. */
export class Arrivals {
  // Made when they are needed: most attempts are over before anything arrives.
  private settled: Map<number, Settlement> | undefined;
  private waiting: Map<number, (settlement: Settlement) => void> | undefined;
  private seen: Set<string> | undefined;
  private mailbox: Signal[] = [];
  private readers: SignalReader[] = [];
  /** Called when somebody asks the handler to end, with the signal that says so. */
  onCancel: (signal: BufferedSignal) => void = () => undefined;

  /** @param count arrivals that the attempt knows of */
  constructor(private count: number) {}

  /** How many arrivals the attempt knows of. */
  get known(): number {
    return this.count;
  }

  /** Takes what the store has for the invocation. */
  fill({ wakes, settled, signals }: Inbox): void {
    this.count = Math.max(this.count, wakes);
    for (const settling of settled) this.settle(settling.index, settling);
    for (const signal of signals) {
      const seen = (this.seen ??= new Set());
      if (seen.has(signal.id)) continue;
      seen.add(signal.id);
      if (signal.name === CANCEL_SIGNAL) this.onCancel(signal);
      else this.mailbox.push({ ...signal, taken: false });
    }
    this.distribute();
  }

  /**
   * Takes an outcome that this process knows before the store is asked.
   *
   * @param isAwaited whether the entry is open as far as the attempt knows. The store counts no other: one arrival too
   *   many here, and the next one would be taken for known; one too few, and it is asked for in vain.
   */
  arrive(index: number, settlement: Settlement, isAwaited: boolean): void {
    if (this.settle(index, settlement) && isAwaited) this.count++;
  }

  /** Resolves to how the entry was settled. */
  outcomeOf(index: number): Promise<Settlement> {
    const settled = this.settled?.get(index);
    if (settled) return Promise.resolve(settled);
    const waiting = (this.waiting ??= new Map());
    return new Promise(resolve => waiting.set(index, resolve));
  }

  /** Waits for the next signal of a name; first come, first served. */
  signal(name: string): SignalWait {
    let given: BufferedSignal | undefined;
    let reader: SignalReader | undefined;
    const signal = new Promise<BufferedSignal>(resolve => {
      const take = (taken: BufferedSignal): void => resolve((given = taken));
      reader = { name, resolve: take };
      this.readers.push(reader);
    });
    this.distribute();
    const cancel = (): void => {
      this.readers = this.readers.filter(other => other !== reader);
      for (const one of this.mailbox) if (one.id === given?.id) one.taken = false;
      this.distribute();
    };
    return { signal, cancel };
  }

  /** A signal was delivered: it does not come back. */
  consumed(id: string): void {
    this.mailbox = this.mailbox.filter(signal => signal.id !== id);
  }

  /** Whether it was not known yet. */
  private settle(index: number, settlement: Settlement): boolean {
    const known = (this.settled ??= new Map());
    if (known.has(index)) return false;
    known.set(index, { outcome: settlement.outcome, value: settlement.value });
    this.waiting?.get(index)?.(settlement);
    this.waiting?.delete(index);
    return true;
  }

  private distribute(): void {
    this.readers = this.readers.filter(reader => {
      const signal = this.mailbox.find(({ name, taken }) => !taken && name === reader.name);
      if (!signal) return true;
      signal.taken = true;
      reader.resolve(signal);
      return false;
    });
  }
}
