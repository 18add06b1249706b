import { fields } from './check.js';
import { checkIdempotencyKey } from './send-options.js';

/** Options of `DurableClient.signal()`. */
export interface SignalOptions {
  /** Names the signal: sent again to the invocation under the same name and key, it arrives once. */
  readonly idempotencyKey?: string;
}

const KNOWN: Readonly<Record<keyof SignalOptions, true>> = { idempotencyKey: true };

/** @throws InvalidOptionError */
export function resolveSignalOptions(options: unknown): { readonly idempotencyKey: string | undefined } {
  const { idempotencyKey } = fields<SignalOptions>(options ?? {}, 'signal(): ', KNOWN);
  if (idempotencyKey === undefined) return { idempotencyKey };
  return { idempotencyKey: checkIdempotencyKey(idempotencyKey, 'signal(): idempotencyKey') };
}
