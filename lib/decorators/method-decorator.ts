import { InvalidDecoratorError } from '../errors/index.js';
import type { Method } from '../ports/steps.js';
import { ARGUMENTS_METADATA } from './metadata.js';

/** A method of a class, as a decorator finds it. */
export interface DecoratedMember {
  readonly key: string;
  readonly method: Method;
  readonly descriptor: PropertyDescriptor;
}

/** The method that a decorator stands on. Classes, static members, accessors and fields cannot be durable. */
export function decoratedMethod(
  decorator: string,
  target: object,
  key: string | symbol | undefined,
  descriptor: PropertyDescriptor | undefined,
): DecoratedMember {
  const isStatic = typeof target === 'function';
  const owner = isStatic ? target.name : target.constructor.name;
  const refusal = (place: string, reason: string): InvalidDecoratorError =>
    new InvalidDecoratorError(decorator, place, reason);
  if (key === undefined) throw refusal(owner, 'it is a class; decorate its methods');
  const place = `${isStatic ? 'static ' : ''}${owner}.${String(key)}`;
  if (typeof key === 'symbol') throw refusal(place, 'its key is a symbol, which has no stable name');
  if (isStatic) throw refusal(place, 'it is a static member');
  const method: unknown = descriptor?.value;
  if (!descriptor || typeof method !== 'function') throw refusal(place, 'it is not a method');
  return { key, method: method as Method, descriptor };
}

/** Number that Nest's pipes know as a request body, so that `ValidationPipe` looks at the argument. */
const BODY = 3;

/** Tells Nest's context creators of each declared parameter, so that pipes apply to it. */
export function describeParameters(target: object, key: string, method: Method): void {
  const types = Reflect.getMetadata('design:paramtypes', target, key) as unknown[] | undefined;
  const count = Math.max(types?.length ?? 0, method.length);
  const parameters: Record<string, { index: number; data: number; pipes: [] }> = {};
  // The name of a parameter is its place: kind and number, as Nest writes it.
  for (let index = 0; index < count; index++) {
    parameters[`${BODY}:${index}`] = { index, data: index, pipes: [] };
  }
  Reflect.defineMetadata(ARGUMENTS_METADATA, parameters, target.constructor, key);
}
