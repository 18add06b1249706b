import { fields, invalid, join } from './check.js';
import { checkIdempotencyKey } from './send-options.js';

/** Options of `publish()`, of the client and of `DurableContext`. */
export interface PublishOptions {
  /**
   * Names the event apart from others of its name: published again under the same id, each handler has it once. 1 to 512
   * printable characters. @default a new one
   */
  readonly id?: string;
}

/** Options of `@OnDurableEvent()`. */
export interface OnDurableEventOptions<E extends object = object> {
  /**
   * Which object of a `@VirtualObject()` has the event: required there, and for nothing else. It is asked where the object
   * lives, and may be asked again for one event, so it has to give the same answer.
   */
  readonly key?: (event: E) => string;
}

const PUBLISH: Readonly<Record<keyof PublishOptions, true>> = { id: true };
const ON_EVENT: Readonly<Record<keyof OnDurableEventOptions, true>> = { key: true };

/** The id that an event is given. @throws InvalidOptionError */
export function resolvePublishOptions(options: unknown, where: string): string | undefined {
  const path = `${where}: `;
  const { id } = fields<PublishOptions>(options ?? {}, path, PUBLISH);
  return id === undefined ? undefined : checkIdempotencyKey(id, join(path, 'id'));
}

/**
 * Checks options of `@OnDurableEvent()`.
 * @param where what they stand on
 * @throws InvalidOptionError
 */
export function resolveOnEventOptions(
  options: unknown,
  where: string,
): { readonly key: ((event: object) => unknown) | undefined } {
  const path = `${where}: `;
  const { key } = fields<OnDurableEventOptions>(options, path, ON_EVENT);
  if (key === undefined) return { key };
  if (typeof key !== 'function') throw invalid(join(path, 'key'), key, 'a function from an event to a key');
  return { key: key as (event: object) => unknown };
}
