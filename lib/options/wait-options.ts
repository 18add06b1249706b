import { fields } from './check.js';
import { type Duration, parseDuration } from './duration.js';

/** How long a handler waits for something. */
export interface WaitOptions {
  /** At the most so long; then a `WaitTimeoutError`. @default until it comes */
  readonly timeout?: Duration;
}

const KNOWN: Readonly<Record<keyof WaitOptions, true>> = { timeout: true };

/** Milliseconds; `undefined`: for ever. @throws InvalidOptionError, InvalidDurationError */
export function resolveWait(options: unknown, where: string): number | undefined {
  if (options === undefined) return undefined;
  const { timeout } = fields<WaitOptions>(options, `${where}: `, KNOWN);
  return timeout === undefined ? undefined : parseDuration(timeout, `${where}: timeout`);
}
