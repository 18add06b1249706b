import type { Target } from '../client/target.js';
import { InvalidPatternError } from '../errors/index.js';
import { assertHandlerName, assertServiceName } from '../options/names.js';

/** How a message names a durable handler: `'OrderService.checkout'`, split at its last dot, or the names apart. */
export type DurablePattern = string | { readonly service: string; readonly handler: string };

/**
 * What a pattern is addressed to.
 * @throws InvalidPatternError (DURABLE_INVALID_PATTERN) if it is no pattern
 * @throws InvalidNameError (DURABLE_INVALID_NAME) if no service or handler can have such a name
 */
export function toTarget(pattern: unknown): Target {
  const { service, handler } = namesOf(pattern);
  assertServiceName(service, 'pattern');
  assertHandlerName(handler, 'pattern');
  return { service, handler };
}

function namesOf(pattern: unknown): { readonly service: unknown; readonly handler: unknown } {
  if (typeof pattern === 'string') {
    const dot = pattern.lastIndexOf('.');
    if (dot > 0 && dot < pattern.length - 1)
      return { service: pattern.slice(0, dot), handler: pattern.slice(dot + 1) };
  } else if (
    typeof pattern === 'object' &&
    pattern !== null &&
    'service' in pattern &&
    'handler' in pattern
  ) {
    // Another key would be one that somebody expects an effect of.
    if (Object.keys(pattern).length === 2) return pattern;
  }
  throw new InvalidPatternError(pattern);
}
