import { InvalidNameError } from '../errors/definition.errors.js';

/** Names of services and handlers go into SQL, Redis keys, logs and URLs, so they are plain. */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/;
const IDENTIFIER_RULE = '1 to 128 of A-Z, a-z, 0-9, "_", "." and "-", starting with a letter or "_"';

const LONGEST_TEXT = 256;
const TEXT_RULE = 'a text of 1 to 256 characters without control characters and lone surrogates';
/** Control characters, line and paragraph separators, halves of surrogate pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

/** What has a name: part of an address is an identifier, all else is for people and may be any text. */
const IS_IDENTIFIER = {
  service: true,
  handler: true,
  event: true,
  step: false,
  compensation: false,
  signal: false,
  /** Under which a handler sets how far it is. */
  progress: false,
  /** Of a value in the state of an object. */
  state: false,
  schedule: false,
} as const;

/**
 * Checks a name.
 * @param where what names it, as `@DurableService() OrderService`
 * @throws InvalidNameError
 */
export function assertName(
  kind: keyof typeof IS_IDENTIFIER,
  name: unknown,
  where: string,
): asserts name is string {
  const isIdentifier = IS_IDENTIFIER[kind];
  if (typeof name === 'string' && (isIdentifier ? IDENTIFIER.test(name) : isText(name))) return;
  throw new InvalidNameError(kind, name, isIdentifier ? IDENTIFIER_RULE : TEXT_RULE, where);
}

/** Whether a text has neither control characters nor lone surrogates, so that every store and log takes it. */
export function isPrintable(text: string): boolean {
  return !UNPRINTABLE.test(text);
}

function isText(name: string): boolean {
  return name.length > 0 && name.length <= LONGEST_TEXT && isPrintable(name);
}
