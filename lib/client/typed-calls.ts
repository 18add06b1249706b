import type { Observable } from 'rxjs';
import type { InvocationHandle } from './invocation-handle.js';

/** A durable service: an ordinary class. */
export type ServiceClass<T> = abstract new (...args: never[]) => T;

type AnyMethod = (...args: never[]) => unknown;

/** Names of the public methods of a class. */
export type MethodNames<T> = { [K in keyof T]: T[K] extends AnyMethod ? K : never }[keyof T];

/** What a method resolves to. */
export type Result<M> = M extends (...args: never[]) => infer R ? LastValue<Awaited<R>> : never;
/** An observable stands for its last value. */
type LastValue<R> = R extends Observable<infer V> ? V : R;
/** What a method takes. */
export type Arguments<M> = M extends (...args: infer A) => unknown ? A : never;

/** The handlers of a service, each as a durable call that resolves to its result. */
export type Calls<T> = {
  readonly [K in MethodNames<T>]: (...args: Arguments<T[K]>) => Promise<Result<T[K]>>;
};

/** The handlers of a service, each as a one-way durable call that resolves once it is accepted. */
export type Sends<T> = {
  readonly [K in MethodNames<T>]: (...args: Arguments<T[K]>) => Promise<InvocationHandle<Result<T[K]>>>;
};

/** An object whose every method is `invoke` with its name. */
export function methodProxy<T extends object>(
  invoke: (method: string, args: readonly unknown[]) => unknown,
): T {
  const get = (_target: object, key: string | symbol): unknown => {
    // It is no promise, and nothing that a console or an assertion may take it for.
    if (typeof key === 'symbol' || key === 'then') return undefined;
    return (...args: unknown[]) => invoke(key, args);
  };
  return new Proxy<T>({} as T, { get });
}
