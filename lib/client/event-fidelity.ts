import { isSparse } from '../codec/plain-json.js';

/**
 * Properties of an event's data that class-transformer made into something else, although nobody asked for it: it knows
 * plain data, dates and buffers, and makes of a set a list, of bytes nothing, and leaves out a key such as `toString`.
 *
 * @param made what it made of the data
 * @param encode tells values apart
 */
export function lostProperties(
  data: object,
  made: object,
  encode: (args: readonly unknown[]) => string,
): string[] {
  const before = data as Record<string, unknown>;
  const after = made as Record<string, unknown>;
  return Object.keys(data).filter(key => {
    if (key in Object.prototype) return true;
    // One that is not there was excluded, or has another name.
    return key in made && isForeign(before[key]) && encode([before[key]]) !== encode([after[key]]);
  });
}

/** Whether a value holds anything that class-transformer is not made for. The value can be encoded, so it has an end. */
function isForeign(value: unknown): boolean {
  if (typeof value === 'function') return true;
  if (typeof value !== 'object' || value === null || value instanceof Date || Buffer.isBuffer(value))
    return false;
  if (Array.isArray(value)) return value.some(isForeign);
  if (Object.getPrototypeOf(value) !== Object.prototype) return true;
  return Object.entries(value).some(([key, item]) => key in Object.prototype || isForeign(item));
}

/** Properties of an event's data in which an array has holes: class-transformer visits every one of them. */
export function sparseProperties(data: object): string[] {
  return Object.entries(data).flatMap(([key, value]) => (hasHoles(value) ? [key] : []));
}

function hasHoles(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return isSparse(value) || value.some(hasHoles);
  if (value instanceof Map || value instanceof Set) return [...value].some(hasHoles);
  return !ArrayBuffer.isView(value) && Object.values(value).some(hasHoles);
}
