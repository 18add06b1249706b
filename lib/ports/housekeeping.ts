/** What there is to do for whoever keeps house, as {@link Store.lookAround} saw it. */
export interface Chores {
  /** A lease ran out, something belongs to no worker, or a subscription has ended: {@link Store.reap}. */
  readonly reap: boolean;
  /** There are {@link Store.stranded} objects. */
  readonly stranded: boolean;
  /** There are {@link Store.unanswered} invocations. */
  readonly unanswered: boolean;
  /** Milliseconds until the first deadline (0: it is past, {@link Store.overdue}); `undefined`: there is none. */
  readonly deadlineInMs: number | undefined;
}

/** What {@link Store.overdue} found. */
export interface Overdue {
  readonly ids: readonly string[];
  /** Milliseconds until the next deadline; `undefined`: there is none, or more are past than were asked for. */
  readonly nextMs: number | undefined;
}

/** Which claims are given back by {@link Store.releaseStray}. */
export interface StrayRequest {
  readonly workerId: string;
  /** What it drives. */
  readonly driving: readonly string[];
  readonly olderThanMs: number;
}
