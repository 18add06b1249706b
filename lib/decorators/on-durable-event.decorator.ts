import { InvalidDecoratorError } from '../errors/index.js';
import { showValue } from '../errors/show-value.js';
import { type OnDurableEventOptions, resolveOnEventOptions } from '../options/event-options.js';
import { assertName } from '../options/names.js';
import {
  type EventClass,
  eventNameOf,
  type EventPredicate,
  ON_EVENT_METADATA,
  type OnEventMetadata,
} from './metadata.js';
import { decoratedMethod, describeParameters } from './method-decorator.js';

const NAME = '@OnDurableEvent()';

/** Which events a handler is for: of a name, of a class, or all that a function says yes to. */
export type EventSelector<E extends object = object> = string | EventClass<E> | EventPredicate<E>;

/**
 * Makes a method of a durable service a handler of events: each that is published and fits is an invocation of its own,
 * once for an event. It is given the event, as an instance of its class where the application knows that class.
 *
 * It is a `@Handler()` also without that decorator; with it, or with `@Shared()`, their options hold. Guards, pipes and
 * the like apply as they do to any handler.
 *
 * @param events name, class or predicate, or a list of them
 * @param options `key`: of the object that has the event, in a `@VirtualObject()`
 * @throws InvalidDecoratorError (DURABLE_INVALID_DECORATOR) for an empty list, for what selects no event, and where it
 *   stands twice
 * @throws InvalidNameError, InvalidOptionError
 * @example
 * ```ts
 * @OnDurableEvent(UserSignedUp)
 * async welcome(event: UserSignedUp): Promise<void> { … }
 * ```
 */
export function OnDurableEvent<E extends object = object>(
  events: EventSelector<E> | readonly EventSelector<E>[],
  options: OnDurableEventOptions<E> = {},
): MethodDecorator {
  return (target, name, property) => {
    const { key: own, method } = decoratedMethod(NAME, target, name, property);
    const place = `${target.constructor.name}.${own}`;
    const { key } = resolveOnEventOptions(options, `${NAME} ${place}`);
    if (Reflect.hasMetadata(ON_EVENT_METADATA, method))
      throw new InvalidDecoratorError(NAME, place, 'it stands there twice; give one of them a list');
    const metadata: OnEventMetadata = { ...selected(events, place), key };
    describeParameters(target, own, method);
    Reflect.defineMetadata(ON_EVENT_METADATA, metadata, method);
  };
}

function selected(events: unknown, place: string): Omit<OnEventMetadata, 'key'> {
  const all: readonly unknown[] = Array.isArray(events) ? events : [events];
  if (all.length === 0) throw new InvalidDecoratorError(NAME, place, 'its list of events is empty');
  const names = new Set<string>();
  const classes = new Set<EventClass>();
  const predicates = new Set<EventPredicate<never>>();
  for (const one of all) {
    const described = eventNameOf(one);
    if (described !== undefined) {
      names.add(described);
      classes.add(one as EventClass);
    } else if (typeof one === 'string') {
      assertName('event', one, `${NAME} ${place}`);
      names.add(one);
    } else predicates.add(predicate(one, place));
  }
  return { names: [...names], classes: [...classes], predicates: [...predicates] };
}

function predicate(one: unknown, place: string): EventPredicate<never> {
  if (typeof one === 'function' && !isClass(one)) return one as EventPredicate<never>;
  const reason =
    typeof one === 'function'
      ? `the class ${one.name} describes no event; decorate it with @DurableEvent('name')`
      : `${showValue(one)} selects no event; give a name, a class with @DurableEvent(), or a predicate (is an import circular?)`;
  throw new InvalidDecoratorError(NAME, place, reason);
}

/** The prototype of a class cannot be replaced, and an arrow function has none. */
function isClass(value: object): boolean {
  return Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false;
}
