import { ClientClosedError } from '../errors/index.js';
import type { Cancel, Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Settled, Store } from '../ports/store.js';
import { Rounds } from './rounds.js';

/** What decides how often the store is asked about invocations that other processes drive. */
export interface ResultsOptions {
  /** Whether somebody will tell us, so that asking is a backstop only. */
  isPushed(): boolean;
  /** Whether this process drives the invocation, and so will know without asking. */
  isDriven(id: string): boolean;
}

/** Who waits for an outcome: for most it is there before they ask, so that it has no promise until they do. */
class Waiter {
  /** For how many the store is asked; if none, it hears only what comes by itself. */
  asked = 0;
  /** Nothing comes by itself any more, and nobody has asked. */
  isForgotten = false;
  private outcome: Settled | undefined;
  private error: Error | undefined;
  private promise: Promise<Settled> | undefined;
  private tell: { resolve(outcome: Settled): void; reject(error: Error): void } | undefined;

  get settled(): Promise<Settled> {
    if (this.outcome) return Promise.resolve(this.outcome);
    if (this.error) return Promise.reject(this.error);
    return (this.promise ??= new Promise((resolve, reject) => (this.tell = { resolve, reject })));
  }

  resolve(outcome: Settled): void {
    this.outcome = outcome;
    this.tell?.resolve(outcome);
  }

  reject(error: Error): void {
    this.error = error;
    this.tell?.reject(error);
  }
}

/** An outcome to come. */
export interface Wait {
  readonly settled: Promise<Settled>;
  /** Has the store asked for it, until the returned function is called. */
  ask(): Cancel;
  /** Waits no more: `settled` stays as it is. */
  readonly cancel: Cancel;
}

const SHORTEST_POLL_MS = 50;
const LONGEST_POLL_MS = 1_000;
const BACKSTOP_POLL_MS = 3_000;
const MAX_ASKED = 1_000;

/**
 * Who in this process waits for the outcome of which invocation.
 *
 * An outcome comes from the worker of this process, or the transport says that it is there, or the store is
 * asked: for many that wait in one query, and for each ever less often.
 */
export class Results {
  private readonly waiting = new Map<string, Set<Waiter>>();
  private announced: string[] = [];
  private fetching = false;
  private closed = false;
  private readonly polls: Rounds;

  constructor(
    private readonly store: Store,
    private readonly options: ResultsOptions,
    clock: Clock,
    private readonly logger: Logger,
  ) {
    const leastMs = (): number => (options.isPushed() ? BACKSTOP_POLL_MS : 0);
    const ask = (ids: readonly string[]): Promise<readonly string[]> => this.ask(ids);
    const times = { shortestMs: SHORTEST_POLL_MS, longestMs: LONGEST_POLL_MS, leastMs };
    this.polls = new Rounds({ ...times, ask }, clock);
  }

  /** Whether somebody asks for the outcome of an invocation that is not over. */
  get isAwaited(): boolean {
    return [...this.waiting.keys()].some(id => this.isAsked(id));
  }

  /** Waits for what comes by itself: the outcome of an invocation that this process drives. */
  watch(id: string): Wait {
    const waiter = new Waiter();
    this.add(id, waiter);
    const ask = (): Cancel => {
      waiter.asked++;
      this.recall(id, waiter);
      this.polls.add(id);
      return () => {
        if (--waiter.asked === 0 && !this.options.isDriven(id)) this.forget(id);
      };
    };
    const cancel = (): void => this.remove(id, waiter);
    return {
      get settled() {
        return waiter.settled;
      },
      ask,
      cancel,
    };
  }

  /** Gives an outcome to those who wait for it. */
  settle(settled: Settled): void {
    const waiters = this.waiting.get(settled.id);
    if (!waiters) return;
    this.waiting.delete(settled.id);
    for (const waiter of waiters) waiter.resolve(settled);
  }

  /** This process drives an invocation no more, and will not hear of its end: who has not asked for it is let go. */
  forget(id: string): void {
    for (const waiter of this.waiting.get(id) ?? []) {
      if (waiter.asked > 0) continue;
      waiter.isForgotten = true;
      this.remove(id, waiter);
    }
  }

  /** These may be over: asks the store about those that somebody waits for. */
  announce(ids: readonly string[]): void {
    for (const id of ids) if (this.waiting.has(id)) this.announced.push(id);
    void this.fetchAnnounced();
  }

  /** Rejects everything that waits. */
  close(): void {
    this.closed = true;
    this.polls.close();
    const error = new ClientClosedError();
    for (const waiters of this.waiting.values()) for (const waiter of waiters) waiter.reject(error);
    this.waiting.clear();
  }

  private add(id: string, waiter: Waiter): void {
    if (this.closed) return waiter.reject(new ClientClosedError());
    const waiters = this.waiting.get(id);
    if (waiters) waiters.add(waiter);
    else this.waiting.set(id, new Set([waiter]));
  }

  /** Somebody asks for what nobody had asked for: it may have ended since. */
  private recall(id: string, waiter: Waiter): void {
    if (!waiter.isForgotten) return;
    waiter.isForgotten = false;
    this.add(id, waiter);
    this.announce([id]);
  }

  private remove(id: string, waiter: Waiter): void {
    const waiters = this.waiting.get(id);
    if (waiters?.delete(waiter) && waiters.size === 0) this.waiting.delete(id);
  }

  private async fetchAnnounced(): Promise<void> {
    if (this.fetching) return;
    this.fetching = true;
    while (this.announced.length > 0) await this.fetch(this.announced.splice(0, MAX_ASKED));
    this.fetching = false;
  }

  private async fetch(ids: readonly string[]): Promise<void> {
    try {
      for (const one of await this.store.outcomes(ids)) this.settle(one);
    } catch (error) {
      this.logger.warn(`outcomes could not be read, they are asked for again: ${String(error)}`);
    }
  }

  /** Asks about those of the ids that somebody waits for still, and that this process does not drive. */
  private async ask(ids: readonly string[]): Promise<readonly string[]> {
    const foreign = ids.filter(id => this.isAsked(id) && !this.options.isDriven(id));
    for (let at = 0; at < foreign.length; at += MAX_ASKED)
      await this.fetch(foreign.slice(at, at + MAX_ASKED));
    return ids.filter(id => this.isAsked(id));
  }

  private isAsked(id: string): boolean {
    for (const { asked } of this.waiting.get(id) ?? []) if (asked > 0) return true;
    return false;
  }
}
