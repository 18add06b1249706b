import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of this process's heap once its garbage is collected. */
export function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What finalizers let go of is garbage only after the first time.
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
