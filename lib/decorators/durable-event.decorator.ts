import { InvalidDecoratorError } from '../errors/index.js';
import { assertName } from '../options/names.js';
import { EVENT_METADATA } from './metadata.js';

/**
 * Makes a class the description of an event: its instances can be published.
 *
 * Where the class has rules of class-validator, an event that breaks them is refused; what it has no rules for is not
 * looked at. An event is stored as its own enumerable properties.
 *
 * @param name what publishers and subscribers call it, as a service's: 1 to 128 of A-Z, a-z, 0-9, `_`, `.` and `-`
 * @throws InvalidNameError (DURABLE_INVALID_NAME)
 * @throws InvalidDecoratorError (DURABLE_INVALID_DECORATOR) on a method
 * @example
 * ```ts
 * @DurableEvent('user.signup')
 * export class UserSignedUp {
 *   @IsEmail()
 *   readonly email!: string;
 * }
 * ```
 */
export function DurableEvent(name: string): ClassDecorator {
  return (target: unknown, key?: unknown) => {
    if (typeof target !== 'function' || key !== undefined) {
      const owner = (target as object).constructor.name;
      throw new InvalidDecoratorError(
        '@DurableEvent()',
        `${owner}.${String(key)}`,
        'it describes an event; put it on the class of the event',
      );
    }
    assertName('event', name, `@DurableEvent() ${target.name}`);
    Reflect.defineMetadata(EVENT_METADATA, name, target);
  };
}
