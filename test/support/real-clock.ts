import type { Clock } from '../../lib/ports/clock.js';

/** The clock of the machine, for durations that one timer can keep. */
export const realClock: Clock = {
  monotonic: () => performance.now(),
  after: (ms, fn) => {
    const timer = setTimeout(fn, Math.min(ms, 2 ** 31 - 1)).unref();
    return () => clearTimeout(timer);
  },
};
