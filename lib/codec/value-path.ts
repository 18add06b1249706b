import { truncate } from '../errors/show-value.js';

/** One step into a value: a property, an index, or a ready text such as `.get("eur")`. */
export type PathPart = string | number | { readonly text: string };

const LONGEST_KEY = 64;
const SHOWN_AT_EACH_END = 12;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The way to a value, as people write it: `$.items[3].callback`, `$["a b"]`. Long ways lose their middle. */
export function formatPath(parts: readonly PathPart[]): string {
  if (parts.length <= 2 * SHOWN_AT_EACH_END) return `$${parts.map(formatPart).join('')}`;
  const first = parts.slice(0, SHOWN_AT_EACH_END).map(formatPart).join('');
  const last = parts.slice(-SHOWN_AT_EACH_END).map(formatPart).join('');
  return `$${first} … ${last}`;
}

function formatPart(part: PathPart): string {
  if (typeof part === 'number') return `[${part}]`;
  if (typeof part === 'object') return part.text;
  const key = truncate(part, LONGEST_KEY);
  return IDENTIFIER.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
