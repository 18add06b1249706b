import { InvalidDecoratorError } from '../errors/index.js';
import { closest } from '../options/closest.js';

/**
 * Checks that what is to undo a step is a method of its class.
 *
 * @param of an instance, or a prototype
 * @throws InvalidDecoratorError (DURABLE_INVALID_DECORATOR) that names class, step and method
 */
export function checkCompensation(of: object, step: string, method: string): void {
  if (typeof Reflect.get(of, method) === 'function' && method !== 'constructor' && method !== step) return;
  const { name } = of.constructor;
  const methods = methodsOf(of).filter(one => one !== step);
  const meant = closest(method, methods);
  const hint = meant === undefined ? `methods: ${methods.join(', ') || 'none'}` : `did you mean "${meant}"?`;
  const reason =
    method === step
      ? 'a step cannot be its own compensation'
      : `its compensation ${name}.${method} is no method; ${hint}`;
  throw new InvalidDecoratorError('@Step()', `${name}.${step}`, reason);
}

function methodsOf(of: object): string[] {
  const names = new Set<string>();
  for (
    let at: object | null = of;
    at && at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && name !== 'constructor') names.add(name);
    }
  }
  return [...names];
}
