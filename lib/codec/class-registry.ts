import { DuplicateNameError } from '../errors/definition.errors.js';
import { InvalidOptionError } from '../errors/options.errors.js';
import { showValue } from '../errors/show-value.js';

/** A class whose instances are values, also an abstract one or one with a private constructor. */
export type ValueClass = abstract new (...args: never[]) => object;

/** How instances of a class are stored and made again. */
export interface ClassRegistration {
  readonly class: ValueClass;
  /** Name in the stored text. Must stay the same for as long as values are stored. @default the name of the class */
  readonly name?: string;
  /** Data of an instance. @default its `toJSON()` if there is a `fromJSON`, otherwise its own enumerable properties */
  readonly toJSON?: (value: never) => unknown;
  /**
   * Makes an instance of data.
   * @default the static method `fromJSON` of the class; without one, an object with the prototype of the class and
   *   the stored properties: no constructor is called, so a class with `#private` fields needs a `fromJSON`
   */
  readonly fromJSON?: (data: never) => unknown;
}

/** A class that comes back as itself: alone, or with how it is stored. */
export type RegisteredClass = ValueClass | ClassRegistration;

/** A registered class, looked up by prototype to store and by name to restore. */
export interface KnownClass {
  readonly name: string;
  readonly prototype: object;
  readonly store: ((value: object) => unknown) | undefined;
  readonly restore: ((data: unknown) => unknown) | undefined;
}

/**
 * The classes that a codec knows.
 * @throws InvalidOptionError for what is no class, or a built-in kind that its properties do not make up
 * @throws DuplicateNameError for two classes of one name
 */
export class ClassRegistry {
  private readonly byName = new Map<string, KnownClass>();
  private readonly byPrototype = new Map<object, KnownClass>();

  constructor(classes: readonly RegisteredClass[] = []) {
    classes.forEach((registered, index) => this.add(registered, `classes[${index}]`));
  }

  /** The registration of an object's own class; a subclass is not its parent. */
  of(prototype: object): KnownClass | undefined {
    return this.byPrototype.get(prototype);
  }

  /** The registration of this name. */
  named(name: string): KnownClass | undefined {
    return this.byName.get(name);
  }

  private add(registered: RegisteredClass, option: string): void {
    const known = read(registered, option);
    const other = this.byName.get(known.name);
    if (other?.prototype === known.prototype) return;
    if (other) throw new DuplicateNameError('registered class', known.name, nameOf(other), nameOf(known));
    this.byName.set(known.name, known);
    this.byPrototype.set(known.prototype, known);
  }
}

function nameOf(known: KnownClass): string {
  return String((known.prototype.constructor as { name?: unknown }).name);
}

function read(registered: RegisteredClass, option: string): KnownClass {
  const registration: Partial<ClassRegistration> | undefined =
    typeof registered === 'function' ? { class: registered } : (registered ?? undefined);
  const target = registration?.class;
  if (typeof target !== 'function' || typeof target.prototype !== 'object' || target.prototype === null) {
    throw new InvalidOptionError(
      option,
      `is ${showValue(registered)}`,
      'a class, or { class, name?, toJSON?, fromJSON? }',
    );
  }
  const name = registration?.name ?? target.name;
  if (typeof name !== 'string' || name.length === 0 || name.length > 256) {
    throw new InvalidOptionError(
      `${option}.name`,
      `is ${showValue(name)}`,
      'a text of 1 to 256 characters; a class without name needs it',
    );
  }
  const prototype = target.prototype as object;
  const restore = restorerOf(target, registration);
  if (!restore && isBuiltInKind(prototype)) {
    const allowed =
      'a class that extends no built-in class, or one with fromJSON; errors belong into the option errors';
    throw new InvalidOptionError(option, `is ${showValue(target)}`, allowed);
  }
  return { name, prototype, restore, store: storerOf(prototype, registration, restore !== undefined) };
}

function restorerOf(
  target: ValueClass,
  registration: Partial<ClassRegistration> | undefined,
): KnownClass['restore'] {
  const own = registration?.fromJSON as ((data: unknown) => unknown) | undefined;
  if (own) return own;
  const { fromJSON } = target as { fromJSON?: unknown };
  return typeof fromJSON === 'function' ? data => fromJSON.call(target, data) as unknown : undefined;
}

function storerOf(
  prototype: object,
  registration: Partial<ClassRegistration> | undefined,
  restored: boolean,
): KnownClass['store'] {
  const own = registration?.toJSON as ((value: object) => unknown) | undefined;
  if (own) return own;
  const { toJSON } = prototype as { toJSON?: unknown };
  return restored && typeof toJSON === 'function' ? value => toJSON.call(value) as unknown : undefined;
}

const BUILT_IN_KINDS: readonly ValueClass[] = [
  Array,
  Map,
  Set,
  Date,
  RegExp,
  Promise,
  Error,
  ArrayBuffer,
  Object.getPrototypeOf(Uint8Array) as ValueClass,
];

/** Built-in kinds keep what they are in slots, which an object made of properties lacks. */
function isBuiltInKind(prototype: object): boolean {
  return BUILT_IN_KINDS.some(kind => prototype === kind.prototype || prototype instanceof kind);
}
