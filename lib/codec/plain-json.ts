/** Containers within containers that a value may have. Far above honest data, far below what a call stack takes. */
export const MAX_DEPTH = 500;

/** The key that marks a tagged value. */
export const TAG = '$';

/**
 * Whether `JSON.stringify` writes this value so that `JSON.parse` gives the same again: then no other work is
 * needed. Says no in every doubtful case; a cycle ends at the depth limit.
 */
export function isPlainJson(value: unknown, depth = MAX_DEPTH): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      // Not NaN or an infinity, and not -0, which JSON.stringify writes as 0.
      return value - value === 0 && (value !== 0 || 1 / value > 0);
    case 'object':
      if (value === null) return true;
      if (depth === 0) return false;
      return Array.isArray(value) ? isPlainArray(value, depth - 1) : isPlainObject(value, depth - 1);
    default:
      return false;
  }
}

function isPlainArray(items: readonly unknown[], depth: number): boolean {
  // A hole reads as undefined, which is not plain.
  for (let index = 0; index < items.length; index++) {
    if (!isPlainJson(items[index], depth)) return false;
  }
  return !('toJSON' in items);
}

function isPlainObject(value: object, depth: number): boolean {
  if (Object.getPrototypeOf(value) !== Object.prototype || 'toJSON' in value) return false;
  // for…in is the quickest; an inherited key, of a polluted Object.prototype, can only make the answer no.
  for (const key in value) {
    if (key === TAG || !isPlainJson((value as Record<string, unknown>)[key], depth)) return false;
  }
  return true;
}

/** Whether an array has a hole: a long one with few items is found by its first. */
export function isSparse(items: readonly unknown[]): boolean {
  for (let index = 0; index < items.length; index++) if (!(index in items)) return true;
  return false;
}
