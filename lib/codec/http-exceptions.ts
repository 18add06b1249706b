import type { ErrorClass, ErrorRegistry } from './error-registry.js';

/** What this needs of Nest's `HttpException`, so that nothing of Nest is imported here. */
export interface HttpExceptionLike extends Error {
  getStatus(): number;
  getResponse(): string | object;
}

/**
 * Registers Nest's `HttpException` and those of `others` that extend it, so that they come back as themselves and
 * `getStatus()` and `getResponse()` give what they gave.
 * @param others for example all exports of `@nestjs/common`; what is no subclass is passed over
 */
export function registerHttpExceptions(
  registry: ErrorRegistry,
  HttpException: ErrorClass<HttpExceptionLike>,
  others: readonly unknown[],
): void {
  registry.register(HttpException, {
    encode: error => ({ response: error.getResponse(), status: error.getStatus() }),
    // The constructor of the base class alone: it takes response and status, those of subclasses take other things.
    revive: (data, Class) => {
      const { response, status } = data as { response: unknown; status: unknown };
      return Reflect.construct(HttpException, [response, status], Class) as Error;
    },
  });
  for (const other of others) if (isSubclass(other, HttpException)) registry.register(other);
}

function isSubclass(
  value: unknown,
  parent: ErrorClass<HttpExceptionLike>,
): value is ErrorClass<HttpExceptionLike> {
  return typeof value === 'function' && value.prototype instanceof parent;
}
