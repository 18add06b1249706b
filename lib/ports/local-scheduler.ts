/** What starts schedules in this process, as a client sees it. */
export interface LocalScheduler {
  /** Schedules have changed: it looks at once. */
  changed(): void;
}

/** A process that does not work. */
export const NO_SCHEDULER: LocalScheduler = { changed: () => undefined };
