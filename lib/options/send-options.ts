import { InvalidOptionError } from '../errors/options.errors.js';
import { fields, invalid, join } from './check.js';
import { type Duration, parseDuration } from './duration.js';
import { isPrintable } from './names.js';

/** Options of `send()`. */
export interface SendOptions {
  /**
   * Names the request: sent again under the same key, it is accepted once, and both callers hold the same
   * invocation. 1 to 512 printable characters.
   */
  readonly idempotencyKey?: string;
  /** How long to wait before it starts. Not together with `at`. @default 0 */
  readonly delay?: Duration;
  /** When it starts, at the earliest, by the clock of the database. Not together with `delay`. @default at once */
  readonly at?: Date;
}

/** Options of `send()`, checked. */
export interface ResolvedSendOptions {
  readonly idempotencyKey: string | undefined;
  /** In milliseconds; 0 if it starts at once, or `at` says when. */
  readonly delayMs: number;
  readonly at: Date | undefined;
}

const KNOWN: Readonly<Record<keyof SendOptions, true>> = { idempotencyKey: true, delay: true, at: true };
const LONGEST_KEY = 512;
const KEY_RULE = `a text of 1 to ${LONGEST_KEY} characters without control characters and lone surrogates`;

/** @throws InvalidOptionError, InvalidDurationError */
export function resolveSendOptions(options: unknown, where = 'send()'): ResolvedSendOptions {
  const path = `${where}: `;
  const { idempotencyKey, delay, at } = fields<SendOptions>(options ?? {}, path, KNOWN);
  if (delay !== undefined && at !== undefined) {
    throw new InvalidOptionError(join(path, 'at'), 'stands beside delay', 'one of delay and at');
  }
  return Object.freeze({
    idempotencyKey:
      idempotencyKey === undefined ? undefined : key(idempotencyKey, join(path, 'idempotencyKey')),
    delayMs: delay === undefined ? 0 : parseDuration(delay, join(path, 'delay')),
    at: at === undefined ? undefined : date(at, join(path, 'at')),
  });
}

function key(value: unknown, path: string): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= LONGEST_KEY && isPrintable(value))
    return value;
  throw invalid(path, value, KEY_RULE);
}

function date(value: unknown, path: string): Date {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return new Date(value);
  throw invalid(path, value, 'a valid Date');
}
