import { setTimeout as sleep } from 'node:timers/promises';
import { types } from 'node:util';
import type { DataSource } from 'typeorm';
import { StoreUnavailableError } from '../../errors/store.errors.js';
import type { StoreAddress } from '../../errors/store.errors.js';
import type { Logger } from '../../ports/logger.js';
import { isForeignServer } from './foreign-server.js';
import { classify } from './pg-errors.js';

/** How long to wait for a server that does not answer yet. */
export interface ConnectOptions {
  /** Milliseconds in total. @default 30000 */
  readonly connectTimeout?: number;
  /** Ends the wait: the promise rejects with its reason. */
  readonly signal?: AbortSignal;
  readonly logger: Logger;
}

const CONNECT_TIMEOUT = 30_000;
const FIRST_DELAY = 250;
const LAST_DELAY = 5_000;

/**
 * Calls `open` until it gives a connected `DataSource`, with growing pauses while the failure is transient.
 *
 * @throws StoreUnavailableError (DURABLE_STORE_UNAVAILABLE) when the time is up, or at once for an error that
 * waiting does not heal.
 */
export async function connect(
  address: StoreAddress,
  open: () => Promise<DataSource>,
  options: ConnectOptions,
): Promise<DataSource> {
  const until = performance.now() + (options.connectTimeout ?? CONNECT_TIMEOUT);
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted();
    try {
      return await within(open(), until - performance.now(), options.signal);
    } catch (cause) {
      options.signal?.throwIfAborted();
      if (classify(cause) === 'permanent') throw unavailable(address, cause, attempt, FIX);
      if (wasAccepted(cause) && (await isForeignServer(address))) {
        throw unavailable(address, new Error('what answers there is no PostgreSQL', { cause }), attempt, FIX);
      }
      const left = until - performance.now();
      const delay = Math.min(FIRST_DELAY * 2 ** (attempt - 1), LAST_DELAY);
      if (left <= delay) throw unavailable(address, cause, attempt, START);
      options.logger.warn(
        `PostgreSQL at ${address.host}:${address.port} cannot be used yet (${reasonOf(cause)}); ` +
          `next attempt in ${delay} ms, giving up in ${Math.round(left / 1000)} s`,
      );
      await sleep(delay, undefined, { signal: options.signal }).catch(() => undefined);
    }
  }
}

const FIX = 'Waiting does not heal this: check the `postgres` option, and the server it names';
const START = 'Start it, or check the `postgres` option and the network';

function unavailable(address: StoreAddress, cause: unknown, attempts: number, advice: string): Error {
  const remedy = `${advice} (attempts: ${attempts}).`;
  return new StoreUnavailableError(address, { reason: reasonOf(cause), remedy, attempts, cause });
}

/** Whether something took the connection, so that it can be asked what it is. */
function wasAccepted(cause: unknown): boolean {
  return types.isNativeError(cause) && (!('code' in cause) || cause.code === 'ETIMEDOUT');
}

/** An attempt that is given up is closed when it succeeds after all. */
async function within(
  opening: Promise<DataSource>,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<DataSource> {
  const gaveUp = new AbortController();
  const end = AbortSignal.any([gaveUp.signal, ...(signal === undefined ? [] : [signal])]);
  const timeUp = sleep(Math.max(ms, 0), undefined, { signal: end }).then(() => {
    throw Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' });
  });
  try {
    return await Promise.race([opening, timeUp]);
  } catch (error) {
    opening
      .then(
        late => late.destroy(),
        () => undefined,
      )
      .catch(() => undefined);
    throw error;
  } finally {
    gaveUp.abort();
    timeUp.catch(() => undefined);
  }
}

/** An AggregateError (one failure per address of a host) has no message of its own. */
function reasonOf(error: unknown): string {
  if (!types.isNativeError(error)) return String(error);
  const inner: unknown = 'errors' in error && Array.isArray(error.errors) ? error.errors[0] : undefined;
  return error.message || (types.isNativeError(inner) ? inner.message : error.name);
}
