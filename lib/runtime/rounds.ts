import type { Cancel, Clock } from '../ports/clock.js';

/** Ids that are asked about together. */
interface Round {
  readonly ids: Set<string>;
  /** When, by the monotonic clock. */
  readonly at: number;
  /** How long after the asking before. */
  readonly pauseMs: number;
  /** Until when others join it. */
  readonly joinableUntil: number;
}

export interface RoundsOptions {
  /** Before an id is asked about for the first time; doubled after each time. */
  readonly shortestMs: number;
  readonly longestMs: number;
  /** Asks about ids; resolves to those that are to be asked about again. Never rejects. */
  ask(ids: readonly string[]): Promise<readonly string[]>;
  /** How long to wait at the least at the moment: something else may tell sooner. */
  leastMs(): number;
}

/** By this part of a pause an id may be asked about sooner than it need be, so that it is asked about with others. */
const JOINABLE = 0.25;

/**
 * When ids are asked about that something is awaited of: each soon, and then ever less often. Those that began to be
 * awaited at about the same time are asked about together, so that many cost few questions, and old ones do not keep
 * pace with new ones.
 */
export class Rounds {
  private rounds: Round[] = [];
  private next: { readonly at: number; readonly cancel: Cancel } | undefined;
  private asking = false;
  private closed = false;

  constructor(
    private readonly options: RoundsOptions,
    private readonly clock: Clock,
  ) {}

  /** Asks about an id soon. */
  add(id: string): void {
    if (this.closed) return;
    this.join(id, this.options.shortestMs);
    this.schedule();
  }

  close(): void {
    this.closed = true;
    this.next?.cancel();
  }

  private join(id: string, pauseMs: number): void {
    const now = this.clock.monotonic();
    const open = this.rounds.find(round => round.pauseMs === pauseMs && round.joinableUntil >= now);
    if (open) return void open.ids.add(id);
    const ms = Math.max(pauseMs, this.options.leastMs());
    this.rounds.push({ ids: new Set([id]), at: now + ms, pauseMs, joinableUntil: now + ms * JOINABLE });
  }

  private schedule(): void {
    const at = Math.min(...this.rounds.map(round => round.at));
    if (this.closed || this.asking || at === Infinity || (this.next && this.next.at <= at)) return;
    this.next?.cancel();
    const inMs = Math.max(0, at - this.clock.monotonic());
    this.next = { at, cancel: this.clock.roughlyAfter(inMs, () => void this.hold(at)) };
  }

  /** Asks about what is due at a time. */
  private async hold(time: number): Promise<void> {
    this.next = undefined;
    const due = this.rounds.filter(({ at }) => at <= time);
    this.rounds = this.rounds.filter(({ at }) => at > time);
    const pauses = new Map(due.flatMap(({ ids, pauseMs }) => [...ids].map(id => [id, pauseMs] as const)));
    this.asking = true;
    const open = await this.options.ask([...pauses.keys()]);
    this.asking = false;
    for (const id of open) this.join(id, Math.min((pauses.get(id) ?? 0) * 2, this.options.longestMs));
    this.schedule();
  }
}
