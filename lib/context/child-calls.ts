import type { ServiceClass } from '../client/typed-calls.js';
import { objectKeyFor } from '../options/object-key.js';
import type { ResolvedSendOptions } from '../options/send-options.js';
import type { ChildCall, Targets } from '../ports/operations.js';

/**
 * A call of a handler to another one.
 * @throws NotRegisteredError, NotAHandlerError, UnknownHandlerError, ObjectKeyError
 */
export function childCall(
  targets: Targets,
  service: ServiceClass<unknown>,
  method: string,
  args: readonly unknown[],
  { key: given, idempotencyKey, delayMs, at, deadline }: ResolvedSendOptions,
): ChildCall {
  const target = targets.find(service, method);
  const key = objectKeyFor(target.service, target.kind !== 'service', given);
  return { target, args, key, idempotencyKey, delayMs, at, deadline };
}
