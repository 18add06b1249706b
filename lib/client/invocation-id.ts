import { validate as isUuid } from 'uuid';
import { InvocationNotFoundError } from '../errors/index.js';

/**
 * An id as the store writes it.
 * @throws InvocationNotFoundError (DURABLE_INVOCATION_NOT_FOUND) if no invocation can have it
 */
export function invocationId(id: unknown): string {
  if (isUuid(id)) return (id as string).toLowerCase();
  throw new InvocationNotFoundError(typeof id === 'string' ? id : typeof id);
}
