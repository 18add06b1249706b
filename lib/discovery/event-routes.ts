import { eventInvocationId } from '../codec/identity.js';
import type { Delivered, EventClasses } from '../client/event-classes.js';
import type { OnEventMetadata } from '../decorators/metadata.js';
import { InvalidDecoratorError } from '../errors/index.js';
import type { RegisteredHandler } from '../execution/handler-registry.js';
import { invalid } from '../options/check.js';
import { objectKeyFor } from '../options/object-key.js';
import { ANY_EVENT, type Subscription } from '../ports/events.js';
import type { ChildCall } from '../ports/operations.js';
import { currentScope } from '../runtime/scope.js';

const NAME = '@OnDurableEvent()';
/** No handler of an application can have such a name. */
const ROUTE = '$route.';

/** How events come to a handler. */
export interface EventWay {
  readonly subscriptions: readonly Subscription[];
  /** Decides about each event whether the handler has it, and which object; missing where nothing is to be decided. */
  readonly route: RegisteredHandler | undefined;
}

/**
 * The way of events to a handler. Who publishes them knows names only: where a predicate or a key is to be asked, an
 * invocation of its own asks it, in an application that has it. One for each handler, so that a version of the
 * application without that handler leaves it alone, and that what one predicate throws holds up nobody else.
 *
 * @param place as `Mails.welcome`
 * @throws InvalidDecoratorError (DURABLE_INVALID_DECORATOR) for a key that is missing, or has no place there
 */
export function eventWay(
  handler: RegisteredHandler,
  on: OnEventMetadata,
  place: string,
  events: EventClasses,
): EventWay {
  checkKey(handler, on, place);
  const { service } = handler;
  const names = on.predicates.length > 0 ? [ANY_EVENT] : on.names;
  const isRouted = on.key !== undefined || on.predicates.length > 0;
  const route = isRouted ? routeTo(handler, on, place, events) : undefined;
  const { handler: subscriber } = route ?? handler;
  return { subscriptions: names.map(event => ({ event, service, handler: subscriber })), route };
}

function checkKey({ kind }: RegisteredHandler, { key }: OnEventMetadata, place: string): void {
  const isObject = kind !== 'service';
  if (isObject === (key !== undefined)) return;
  const reason = isObject
    ? 'it belongs to a virtual object; say which one has the event: { key: event => … }'
    : 'it has a key, and its class is no @VirtualObject(); leave the key out';
  throw new InvalidDecoratorError(NAME, place, reason);
}

function routeTo(
  target: RegisteredHandler,
  on: OnEventMetadata,
  place: string,
  events: EventClasses,
): RegisteredHandler {
  const { service, handler, kind, retry } = target;
  const invoke = async (_attempt: unknown, args: readonly unknown[]): Promise<void> => {
    const delivered = events.read(args);
    const scope = currentScope();
    if (!delivered || !scope || !isFor(delivered, on, place)) return;
    const { info, event } = delivered;
    const key = objectKeyFor(service, kind !== 'service', on.key?.(event));
    const id = eventInvocationId(info.name, info.id, service, handler);
    const rest = { idempotencyKey: undefined, delayMs: 0, at: undefined, deadline: undefined };
    await scope.attempt.send({
      target: { service, handler, kind },
      args,
      key,
      id,
      ...rest,
    } satisfies ChildCall);
  };
  const own = { kind: 'service', timeoutMs: undefined } as const;
  return { service, handler: ROUTE + handler, key: target.key, retry, ...own, invoke };
}

function isFor({ info, event }: Delivered, { names, predicates }: OnEventMetadata, place: string): boolean {
  if (names.includes(info.name)) return true;
  return predicates.some(predicate => {
    const answer: unknown = predicate(event as never, info);
    if (typeof answer === 'boolean') return answer;
    throw invalid(
      `${NAME} ${place}: predicate`,
      answer,
      'a function that gives true or false, without waiting',
    );
  });
}
