import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Megabytes that a process holds. */
export interface Memory {
  readonly heap: number;
  readonly rss: number;
}

/** What this process holds once the garbage is collected. */
export function ownMemory(): Memory {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What finalizers let go of is garbage only after the first time.
  collect();
  collect();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed / 1_000_000, rss: rss / 1_000_000 };
}
