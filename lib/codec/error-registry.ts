import { types } from 'node:util';
import { DuplicateNameError } from '../errors/definition.errors.js';
import { InvalidOptionError } from '../errors/options.errors.js';
import { showValue } from '../errors/show-value.js';
import { DURABLE_ERRORS } from './durable-errors.js';

/** A class of errors, also an abstract one or one with a private constructor. */
export type ErrorClass<E extends Error = Error> = abstract new (...args: never[]) => E;

/** How errors of a class are stored and made again, beside what every error has. */
export interface ErrorHooks<E extends Error = Error> {
  /** Name in the stored text. Must stay the same for as long as errors are stored. @default the name of the class */
  readonly name?: string;
  /** Properties that are stored too. Others never are: they may hold secrets. */
  readonly fields?: readonly (keyof E & string)[];
  /** Data to store instead of `fields`, for a class that keeps what it has elsewhere. */
  readonly encode?: (error: E) => unknown;
  /**
   * Makes an error of what `encode` gave. Without it, an error with the prototype of the class is made and no
   * constructor is called.
   * @param Class the class to make: the registered one, or a registered subclass that has no hook of its own
   */
  readonly revive?: (data: unknown, Class: ErrorClass<E>) => Error;
}

/** An error class that comes back as itself: alone, or with its hooks. */
export type RegisteredError = ErrorClass | ({ readonly class: ErrorClass } & ErrorHooks<never>);

/** A registered class with all it takes from its registered parents. */
export interface KnownError {
  readonly name: string;
  readonly Class: ErrorClass;
  readonly fields: readonly string[];
  readonly encode: ((error: Error) => unknown) | undefined;
  readonly revive: ((data: unknown, Class: ErrorClass) => Error) | undefined;
}

/**
 * Error classes that come back as themselves. An error of any other class comes back as the nearest registered
 * parent of its class, with its own name.
 *
 * Knows the built-in kinds and all errors of this package; others are registered. Fields and hooks of a registered
 * class also serve its subclasses.
 */
export class ErrorRegistry {
  private readonly byName = new Map<string, KnownError>();
  private readonly byPrototype = new Map<object, KnownError>();

  /** @param errors what the application registers (option `errors`) */
  constructor(errors: readonly RegisteredError[] = []) {
    for (const Class of BUILT_IN) this.register(Class);
    this.register(DOMException, { revive: (_, Class) => Reflect.construct(Class, ['', 'Error']) as Error });
    for (const { Class, fields } of DURABLE_ERRORS) this.register<Error>(Class, { fields: fields as [] });
    this.addAll(errors);
  }

  /**
   * Registers a class; parents before their subclasses.
   * @throws InvalidOptionError for what is no class of errors
   * @throws DuplicateNameError for two classes of one name
   */
  register<E extends Error>(Class: ErrorClass<E>, hooks: ErrorHooks<E> = {}, option = 'errors'): this {
    const prototype = (Class as { prototype?: unknown } | undefined)?.prototype;
    if (typeof Class !== 'function' || !isErrorPrototype(prototype)) {
      throw new InvalidOptionError(
        option,
        `is ${showValue(Class)}`,
        'a class that extends Error, or { class, name?, fields?, … }',
      );
    }
    const name = hooks.name ?? Class.name;
    if (typeof name !== 'string' || name.length === 0 || name.length > 256) {
      throw new InvalidOptionError(
        `${option}.name`,
        `is ${showValue(name)}`,
        'a text of 1 to 256 characters',
      );
    }
    const other = this.byName.get(name);
    if (other && other.Class !== Class) {
      throw new DuplicateNameError('registered error', name, other.Class.name, Class.name);
    }
    const known = inherit(name, Class, hooks, this.ofPrototype(prototype));
    this.byName.set(name, known);
    this.byPrototype.set(prototype, known);
    return this;
  }

  /** Registers what the application names in its option `errors`. @throws as {@link register} does */
  addAll(errors: readonly RegisteredError[]): void {
    errors.forEach((registered, index) => this.add(registered, `errors[${index}]`));
  }

  /** The registration of an error's class, or of the nearest registered parent of it. */
  of(error: Error): KnownError | undefined {
    const known = this.ofPrototype(error);
    if (known || !types.isNativeError(error)) return known;
    // A built-in error of another realm (a VM context, as in Jest) has another prototype and the same name.
    const named = this.byName.get(String(error.name));
    return named && BUILT_IN.includes(named.Class) ? named : undefined;
  }

  /** The registration of this name. */
  named(name: string): KnownError | undefined {
    return this.byName.get(name);
  }

  private ofPrototype(start: object): KnownError | undefined {
    let known: KnownError | undefined;
    for (let at: object | null = start; at && !known; at = Object.getPrototypeOf(at) as object | null) {
      known = this.byPrototype.get(at);
    }
    return known;
  }

  private add(registered: RegisteredError, option: string): void {
    // Untyped callers may pass anything: what is no object goes where it is refused.
    if (typeof registered === 'object' && (registered as object | null)) {
      this.register(registered.class, registered as ErrorHooks, option);
    } else this.register(registered as ErrorClass, {}, option);
  }
}

const BUILT_IN: readonly ErrorClass[] = [
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  AggregateError,
];

/** In a VM context, as in Jest, DOMException extends the Error of another realm. */
function isErrorPrototype(prototype: unknown): prototype is object {
  return prototype === Error.prototype || prototype instanceof Error || prototype === DOMException.prototype;
}

function inherit(
  name: string,
  Class: ErrorClass,
  hooks: ErrorHooks<never>,
  parent: KnownError | undefined,
): KnownError {
  const own = hooks as ErrorHooks<Error>;
  return {
    name,
    Class,
    fields: [
      ...new Set([...(parent?.fields ?? []), ...((own.fields as readonly string[] | undefined) ?? [])]),
    ],
    encode: own.encode ?? parent?.encode,
    revive: own.revive ?? parent?.revive,
  };
}
