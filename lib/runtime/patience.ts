import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Store } from '../ports/store.js';

/** How long to wait before the store is asked again that was away. */
const AGAIN_MS = 500;

/** A request to the store that outlasts its absence. */
export interface Request<T> {
  /** Who waits, for the log. */
  readonly who: string;
  readonly ask: () => Promise<T>;
  readonly isStopped: () => boolean;
}

/** Asks the store until it answers; `undefined`: it was stopped before. Rejects as the store does if that will not pass. */
export async function askPatiently<T>(
  { store, clock, logger }: { readonly store: Store; readonly clock: Clock; readonly logger: Logger },
  { who, ask, isStopped }: Request<T>,
): Promise<T | undefined> {
  while (!isStopped()) {
    try {
      return await ask();
    } catch (error) {
      if (!store.isTransient(error)) throw error;
      logger.warn(`${who} waits for the store: ${String(error)}`);
      await new Promise<void>(resolve => clock.after(AGAIN_MS, resolve));
    }
  }
  return undefined;
}
