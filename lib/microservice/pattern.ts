import { InvalidPatternError } from '../errors/index.js';
import { assertName } from '../options/names.js';
import type { Target } from '../ports/handlers.js';

/**
 * How a message names a durable handler: `'OrderService.checkout'`, split at its last dot, or the names apart. With
 * a key (`DurableRecordBuilder.setKey`) it is an exclusive handler of a virtual object, or, if it is said to be
 * `shared`, a shared one: that is not known here.
 */
export type DurablePattern =
  string | { readonly service: string; readonly handler: string; readonly shared?: boolean };

/**
 * What a pattern is addressed to.
 * @param hasKey whether the message has the key of an object
 * @throws InvalidPatternError (DURABLE_INVALID_PATTERN) if it is no pattern
 * @throws InvalidNameError (DURABLE_INVALID_NAME) if no service or handler can have such a name
 */
export function toTarget(pattern: unknown, hasKey: boolean): Target {
  const { service, handler, shared } = namesOf(pattern);
  assertName('service', service, 'pattern');
  assertName('handler', handler, 'pattern');
  return { service, handler, kind: shared === true ? 'shared' : hasKey ? 'exclusive' : 'service' };
}

interface Names {
  readonly service: unknown;
  readonly handler: unknown;
  readonly shared?: unknown;
}

function namesOf(pattern: unknown): Names {
  if (typeof pattern === 'string') {
    const dot = pattern.lastIndexOf('.');
    if (dot > 0 && dot < pattern.length - 1)
      return { service: pattern.slice(0, dot), handler: pattern.slice(dot + 1) };
  } else if (isNames(pattern)) return pattern;
  throw new InvalidPatternError(pattern);
}

function isNames(pattern: unknown): pattern is Names {
  if (typeof pattern !== 'object' || pattern === null) return false;
  if (!('service' in pattern && 'handler' in pattern)) return false;
  // Another key would be one that somebody expects an effect of.
  const { service: _, handler: __, ...more } = pattern as Names & Record<string, unknown>;
  const { shared, ...unknown } = more;
  return (shared === undefined || typeof shared === 'boolean') && Object.keys(unknown).length === 0;
}
