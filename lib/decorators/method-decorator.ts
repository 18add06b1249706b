import { InvalidDecoratorError } from '../errors/index.js';
import type { Method } from '../ports/steps.js';
import { ARGUMENTS_METADATA } from './metadata.js';

/** The method that a decorator stands on. Static members, accessors and fields cannot be durable. */
export function decoratedMethod(
  decorator: string,
  target: object,
  key: string | symbol,
  descriptor: PropertyDescriptor | undefined,
): Method {
  const place = `${typeof target === 'function' ? `static ${target.name}` : target.constructor.name}.${String(key)}`;
  if (typeof key === 'symbol')
    throw new InvalidDecoratorError(decorator, place, 'its key is a symbol, which has no stable name');
  if (typeof target === 'function')
    throw new InvalidDecoratorError(decorator, place, 'it is a static member');
  const method: unknown = descriptor?.value;
  if (typeof method !== 'function') throw new InvalidDecoratorError(decorator, place, 'it is not a method');
  return method as Method;
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
