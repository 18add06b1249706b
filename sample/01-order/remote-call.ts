import { setTimeout } from 'node:timers/promises';

/**
 * Stands for a request to another system: `fetch(url, { headers: { 'Idempotency-Key': key }, signal })`.
 *
 * It takes half a second, which is long enough to kill the process in the middle of it.
 */
export async function remoteCall(signal: AbortSignal): Promise<void> {
  await setTimeout(500, undefined, { signal });
}
