import type { Cancel, Clock } from '../ports/clock.js';

/** The longest delay that `setTimeout` keeps; above it, it fires at once. */
const LONGEST = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after,
  roughlyAfter: after,
};

function after(ms: number, fn: () => void): Cancel {
  let timer: NodeJS.Timeout;
  const arm = (left: number): void => {
    timer = setTimeout(() => (left > LONGEST ? arm(left - LONGEST) : fn()), Math.min(left, LONGEST));
    timer.unref();
  };
  arm(Math.max(0, ms));
  return () => clearTimeout(timer);
}
