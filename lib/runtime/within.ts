import type { Clock } from '../ports/clock.js';

/** How long each part that ends may wait for a store that is away: then what waits for it is given up. */
export const LAST_WRITES_MS = 5_000;

/** Whether something is over within so many milliseconds. It goes on after that; how it ends then is nobody's concern. */
export async function isOverWithin(
  clock: Pick<Clock, 'after'>,
  ms: number,
  what: Promise<unknown>,
): Promise<boolean> {
  let stopWaiting = (): void => undefined;
  const late = new Promise<false>(resolve => (stopWaiting = clock.after(ms, () => resolve(false))));
  const over = what.then(() => true);
  over.catch(() => undefined);
  return Promise.race([over, late]).finally(() => stopWaiting());
}
