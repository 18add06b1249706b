import { isError } from '../codec/error-record.js';
import { loadOptional } from '../adapters/shared/load-optional.js';
import { showValue } from '../errors/show-value.js';
import { type EventProblem, InvalidEventError, MissingPackageError } from '../errors/index.js';

/** What is used of class-validator. */
interface Validator {
  validate(object: object, options: { readonly forbidUnknownValues: boolean }): Promise<readonly Invalid[]>;
}

/** What is used of class-transformer. */
interface Transformer {
  plainToInstance(type: new () => object, data: object): object;
}

/** An error of class-validator. */
interface Invalid {
  readonly property: string;
  readonly constraints?: Readonly<Record<string, string>>;
  readonly children?: readonly Invalid[];
}

const validator = optional<Validator>('class-validator', () => import('class-validator'));
const transformer = optional<Transformer>('class-transformer', () => import('class-transformer'));

/**
 * Checks an event by the rules that its class has of class-validator. What has no rule is not looked at; without the
 * package there are none.
 * @throws InvalidEventError (DURABLE_INVALID_EVENT)
 */
export async function assertValid(name: string, event: object): Promise<void> {
  const found = validator.loaded ?? (await validator.load());
  // A class without any rule is not an unknown value: it is a class without rules.
  const invalid = (await found?.validate(event, { forbidUnknownValues: false })) ?? [];
  if (invalid.length > 0) throw new InvalidEventError(name, problemsOf(invalid, ''));
}

/**
 * Makes an event of plain data: by class-transformer or, without that package, of its properties alone.
 * @throws InvalidEventError (DURABLE_INVALID_EVENT) if class-transformer, or what the class tells it, throws
 */
export async function instantiate(
  name: string,
  type: abstract new (...args: never[]) => object,
  data: object,
): Promise<object> {
  const found = transformer.loaded ?? (await transformer.load());
  if (found) {
    try {
      return found.plainToInstance(type as new () => object, data);
    } catch (error) {
      const messages = [`class-transformer cannot make it of its data: ${showThrown(error)}`];
      throw new InvalidEventError(name, [{ path: '', messages }]);
    }
  }
  return Object.assign(Object.create(type.prototype as object) as object, data);
}

function showThrown(error: unknown): string {
  return isError(error) ? error.message : showValue(error);
}

function problemsOf(invalid: readonly Invalid[], parent: string): EventProblem[] {
  return invalid.flatMap(({ property, constraints = {}, children = [] }) => {
    const path = join(parent, property);
    const messages = Object.values(constraints);
    return [...(messages.length > 0 ? [{ path, messages }] : []), ...problemsOf(children, path)];
  });
}

function join(parent: string, property: string): string {
  if (/^\d+$/.test(property)) return `${parent}[${property}]`;
  return parent === '' ? property : `${parent}.${property}`;
}

/** An optional package: asked for once, and then at hand without waiting. */
function optional<T>(name: string, importIt: () => Promise<unknown>) {
  let loading: Promise<T | undefined> | undefined;
  const found = {
    loaded: undefined as T | undefined,
    load: () => (loading ??= load()),
  };
  const load = async (): Promise<T | undefined> => {
    try {
      return (found.loaded = (await loadOptional(importIt, { package: name, option: 'publish()' })) as T);
    } catch (error) {
      if (error instanceof MissingPackageError) return undefined;
      throw error;
    }
  };
  return found;
}
