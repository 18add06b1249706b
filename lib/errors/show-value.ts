const LONGEST_TEXT = 80;
/** Longer texts are not looked at: they are no option that anyone meant. */
const LONGEST_SHOWN = 10_000;
const MOST_KEYS = 6;
const SECRET_NAME = /pass|secret|token|credential|api_?key|private_?key/i;

/**
 * Shows a wrong value in an error message: short, and without secrets. Passwords in URLs and connection strings
 * become `***`; so does all of a value whose name (the last part of an option's path) says that it is a secret. Of objects only
 * the names of keys are shown. Never throws.
 */
export function showValue(value: unknown, option = ''): string {
  if (SECRET_NAME.test(option.slice(option.lastIndexOf('.') + 1)) && value !== undefined && value !== null)
    return '***';
  try {
    return show(value);
  } catch {
    return 'a value that cannot be read';
  }
}

function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      if (value.length > LONGEST_SHOWN) return `a text of ${value.length} characters`;
      return JSON.stringify(truncate(redactSecrets(value), LONGEST_TEXT));
    case 'bigint':
      return `${truncate(value.toString(), LONGEST_TEXT)}n`;
    case 'function':
      return value.name ? `the function ${truncate(value.name, LONGEST_TEXT)}` : 'a function';
    case 'object':
      return value === null ? 'null' : showObject(value);
    default:
      return Object.is(value, -0) ? '-0' : String(value);
  }
}

function showObject(value: object): string {
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : value.toISOString();
  const made: unknown = (value as { constructor?: unknown }).constructor;
  const kind = typeof made === 'function' && made !== Object && made.name ? `a ${made.name}` : 'an object';
  const keys = Object.keys(value);
  if (keys.length === 0) return kind;
  const shown = keys.slice(0, MOST_KEYS).map(key => truncate(key, LONGEST_TEXT));
  return `${kind} with ${shown.join(', ')}${keys.length > MOST_KEYS ? ', …' : ''}`;
}

/** Cuts a text to `length` characters, the last of them `…` if anything was cut off. Halves no surrogate pair. */
export function truncate(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

/**
 * Replaces what is secret in a connection string by `***`: the password of a URL, parameters whose name says so,
 * and `password=…` of a keyword string.
 */
export function redactSecrets(text: string): string {
  return redactUrlPassword(text).replace(
    /([\w-]{0,40}(?:pass(?:word|wd|phrase)?|secret|token)[\w-]{0,40}\s?=\s?)(?:'[^']*'|[^&\s]*)/gi,
    '$1***',
  );
}

/** Up to the last `@`: passwords are not always escaped as they should be. */
function redactUrlPassword(text: string): string {
  const start = text.indexOf('://');
  if (start === -1) return text;
  const at = text.lastIndexOf('@');
  const colon = text.indexOf(':', start + 3);
  if (colon === -1 || at < colon) return text;
  return `${text.slice(0, colon + 1)}***${text.slice(at)}`;
}
