import { InvalidOptionError } from '../errors/options.errors.js';
import { showValue } from '../errors/show-value.js';
import { closest } from './closest.js';
import { parseDuration } from './duration.js';

/** Where options stand: `''`, an option's path, or the place of a decorator with `': '` behind it. */
export type Path = string;

/** The path of an option within others. */
export function join(path: Path, name: string): Path {
  return path === '' || path.endsWith(' ') ? path + name : `${path}.${name}`;
}

/** The error for a value that is not allowed. Shows it without secrets. */
export function invalid(path: Path, value: unknown, allowed: string): InvalidOptionError {
  return new InvalidOptionError(path, `is ${showValue(value, path)}`, allowed);
}

/**
 * The fields of an object of options, all of them known.
 * @throws InvalidOptionError for what is no object, and for a name that is not known; with the one that was meant
 */
export function fields<T extends object>(
  value: unknown,
  path: Path,
  known: Readonly<Record<keyof T, true>>,
): Readonly<Partial<Record<keyof T, unknown>>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const place = path.replace(/: $/, '') || 'options';
    throw invalid(place, value, `an object with ${Object.keys(known).join(', ')}`);
  }
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(known, name)) continue;
    const names = Object.keys(known);
    const meant = closest(name, names);
    const problem = `does not exist${meant === undefined ? '' : `; did you mean "${meant}"?`}`;
    const shown = showValue(name).slice(1, -1);
    throw new InvalidOptionError(join(path, shown), problem, names.join(', '));
  }
  return value as Readonly<Partial<Record<keyof T, unknown>>>;
}

/** @throws InvalidOptionError unless it is a whole number from `least` to `most` */
export function integer(value: unknown, path: Path, least: number, most: number, fallback: number): number {
  if (value === undefined) return fallback;
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most)
    return value as number;
  throw invalid(path, value, `a whole number from ${least} to ${most}`);
}

/** @throws InvalidOptionError unless it is one of the values */
export function oneOf<T extends string>(value: unknown, path: Path, values: readonly T[], fallback: T): T {
  if (value === undefined) return fallback;
  if (values.includes(value as T)) return value as T;
  throw invalid(path, value, values.map(each => `'${each}'`).join(', '));
}

/** @throws InvalidOptionError unless it is a boolean */
export function flag(value: unknown, path: Path, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value === 'boolean') return value;
  throw invalid(path, value, 'true or false');
}

/** Milliseconds. @throws InvalidDurationError unless it is a duration of `leastMs` at the least */
export function duration(value: unknown, path: Path, leastMs: number, fallback: number): number {
  return value === undefined ? fallback : parseDuration(value, path, leastMs);
}

/** Milliseconds, or `undefined` for `false`. @throws InvalidDurationError, InvalidOptionError */
export function durationOrFalse<T>(
  value: unknown,
  path: Path,
  leastMs: number,
  fallback: T,
): number | undefined | T {
  if (value === undefined) return fallback;
  if (value === false) return undefined;
  return parseDuration(value, path, leastMs);
}

/** @throws InvalidOptionError unless it is a text that matches */
export function text(value: unknown, path: Path, form: RegExp, allowed: string, fallback: string): string {
  if (value === undefined) return fallback;
  if (typeof value === 'string' && form.test(value)) return value;
  throw invalid(path, value, allowed);
}
