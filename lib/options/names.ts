import { InvalidNameError } from '../errors/definition.errors.js';

/** Names of services and handlers go into SQL, Redis keys, logs and URLs, so they are plain. */
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/;
const IDENTIFIER_RULE = '1 to 128 of A-Z, a-z, 0-9, "_", "." and "-", starting with a letter or "_"';

const LONGEST_STEP_NAME = 256;
const STEP_RULE = 'a text of 1 to 256 characters without control characters and lone surrogates';
/** Control characters, line and paragraph separators, halves of surrogate pairs. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

/**
 * Checks the name of a service.
 * @param where what names it, as `@DurableService() OrderService`
 * @throws InvalidNameError
 */
export function assertServiceName(name: unknown, where: string): asserts name is string {
  assertIdentifier('service', name, where);
}

/**
 * Checks the name of a handler.
 * @throws InvalidNameError
 */
export function assertHandlerName(name: unknown, where: string): asserts name is string {
  assertIdentifier('handler', name, where);
}

/**
 * Checks the name of a step.
 * @throws InvalidNameError
 */
export function assertStepName(name: unknown, where: string): asserts name is string {
  if (typeof name === 'string' && name.length > 0 && name.length <= LONGEST_STEP_NAME && isPrintable(name))
    return;
  throw new InvalidNameError('step', name, STEP_RULE, where);
}

/** Whether a text has neither control characters nor lone surrogates, so that every store and log takes it. */
export function isPrintable(text: string): boolean {
  return !UNPRINTABLE.test(text);
}

function assertIdentifier(kind: string, name: unknown, where: string): asserts name is string {
  if (typeof name === 'string' && IDENTIFIER.test(name)) return;
  throw new InvalidNameError(kind, name, IDENTIFIER_RULE, where);
}
