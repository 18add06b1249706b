import ms from 'ms';
import { InvalidDurationError } from '../errors/options.errors.js';
import { showValue } from '../errors/show-value.js';

/** A span of time: a number of milliseconds, or a text such as `'500ms'`, `'30s'`, `'15m'`, `'2h'`, `'1d'`, `'1.5h'`. */
export type Duration = number | `${number}${DurationUnit}`;

/** Milliseconds, seconds, minutes, hours, days of 24 hours. */
export type DurationUnit = 'ms' | 's' | 'm' | 'h' | 'd';

/** The longest duration that is accepted, in milliseconds: 100 years of 365.25 days. */
export const LONGEST_DURATION_MS = 100 * 365.25 * 24 * 60 * 60 * 1000;

/** Of bounded length, so that no text takes long to refuse. */
const FORM = /^\d{1,20}(?:\.\d{1,10})?(?:ms|s|m|h|d)$/;

/**
 * Milliseconds of a duration: a whole number, rounded up, so that nothing comes early.
 * @param option what the duration is for; named in the error
 * @param leastMs the shortest that is allowed, in milliseconds. @default 0
 * @throws InvalidDurationError for anything else: negative, NaN, infinite, over 100 years, an unknown unit or none
 */
export function parseDuration(value: unknown, option: string, leastMs = 0): number {
  const parsed = typeof value === 'number' ? value : typeof value === 'string' ? parseText(value) : NaN;
  const rounded = Math.ceil(parsed);
  if (!(parsed >= 0 && rounded >= leastMs && rounded <= LONGEST_DURATION_MS)) {
    throw new InvalidDurationError(option, `is ${showValue(value, option)}`, allowed(leastMs));
  }
  // Adding 0 turns -0 into 0.
  return rounded + 0;
}

function parseText(text: string): number {
  if (!FORM.test(text)) return NaN;
  return ms(text as ms.StringValue);
}

function allowed(leastMs: number): string {
  const range = leastMs > 0 ? `from ${leastMs} ms to 100 years` : 'up to 100 years';
  return `milliseconds, or a text such as '500ms', '30s', '15m', '2h', '1d', ${range}`;
}
