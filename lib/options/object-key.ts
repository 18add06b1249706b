import { ObjectKeyError } from '../errors/model.errors.js';
import { showValue } from '../errors/show-value.js';

/** Bytes of UTF-8. */
const LONGEST = 1_024;
const RULE = `A key is a text of 1 to ${LONGEST.toLocaleString('en')} bytes of UTF-8, without NUL and lone surrogates.`;
const UNSTORABLE = /[\0\p{Cs}]/u;

/**
 * The key of what is addressed; `undefined` for a plain service.
 * @throws ObjectKeyError (DURABLE_OBJECT_KEY) if it is missing, or cannot be one, or has no place there
 */
export function objectKeyFor(service: string, isObject: boolean, key: unknown): string | undefined {
  if (isObject) return objectKey(service, key);
  if (key === undefined) return undefined;
  const remedy = 'It is no @VirtualObject(): leave the key out, or decorate the class with it.';
  throw new ObjectKeyError(service, addressed(key), remedy);
}

/**
 * The key of an object whose state is asked for.
 * @throws ObjectKeyError (DURABLE_OBJECT_KEY) if it is missing, or cannot be one, or there is no object
 */
export function stateKey(service: string, isObject: boolean, key: unknown): string {
  if (isObject) return objectKey(service, key);
  throw new ObjectKeyError(
    service,
    'is no virtual object and has no state',
    'Decorate it with @VirtualObject().',
  );
}

function objectKey(service: string, key: unknown): string {
  if (key === undefined)
    throw new ObjectKeyError(service, 'is a virtual object and has no key here', "Give one: { key: '…' }.");
  if (typeof key === 'string' && isKey(key)) return key;
  throw new ObjectKeyError(service, addressed(key), RULE);
}

function isKey(text: string): boolean {
  // No text has fewer bytes than characters: a long one is not looked at.
  if (text.length === 0 || text.length > LONGEST || UNSTORABLE.test(text)) return false;
  return Buffer.byteLength(text) <= LONGEST;
}

function addressed(key: unknown): string {
  return `is addressed with the key ${showValue(key)}`;
}
