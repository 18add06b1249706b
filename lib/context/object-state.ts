import { Injectable } from '@nestjs/common';
import { assertName } from '../options/names.js';
import type { StateOperations } from '../ports/operations.js';
import { attemptFor } from './scoped.js';

/** The names that a state has. */
export type StateName<T extends object> = keyof T & string;

/**
 * The state of the virtual object whose handler runs, injectable into its class: named values, kept for its key.
 *
 * It is read once for an attempt, so that to get costs nothing; what is set is written in the same commit as the
 * journal. What a handler wrote stays, also if it fails later. Values given and taken are copies: to change one, set
 * it. A `@Shared()` handler may only read; within a step there is no state.
 *
 * For unit tests, `objectState()` of `nestjs-durable/testing` gives one without an invocation.
 *
 * @example
 * ```ts
 * @VirtualObject()
 * export class Cart {
 *   constructor(private readonly state: ObjectState<{ items: string[]; total: number }>) {}
 *
 *   @Handler()
 *   async add(item: string, price: number): Promise<number> {
 *     await this.state.update('items', (items = []) => [...items, item]);
 *     return this.state.update('total', (total = 0) => total + price);
 *   }
 * }
 * ```
 *
 * @throws NoInvocationError (DURABLE_NO_INVOCATION) outside an invocation
 * @throws NoObjectError (DURABLE_NO_OBJECT) in a handler of a plain service
 * @throws InsideStepError (DURABLE_INSIDE_STEP) within a step
 * @throws SharedStateError (DURABLE_SHARED_STATE) when a `@Shared()` handler writes
 * @throws InvalidNameError (DURABLE_INVALID_NAME) for a name that is no text of 1 to 256 printable characters
 */
@Injectable()
export class ObjectState<T extends object = Record<string, unknown>> {
  /** The value of a name; `undefined` if there is none. */
  get<K extends StateName<T>>(name: K): T[K] | undefined {
    assertName('state', name, 'ObjectState.get()');
    return this.operations('ObjectState.get').get(name) as T[K] | undefined;
  }

  /**
   * Gives a name a value; `undefined` deletes it. It holds at once; the promise is there to be awaited, as one would expect of a write.
   * @throws UnserialisableValueError, PayloadTooLargeError for a value that cannot be stored
   */
  set<K extends StateName<T>>(name: K, value: T[K]): Promise<void> {
    assertName('state', name, 'ObjectState.set()');
    this.operations('ObjectState.set').set(name, value);
    return Promise.resolve();
  }

  /** Gives a name a value that is made of the one it has (`undefined`: none); resolves to it. */
  update<K extends StateName<T>>(name: K, change: (current: T[K] | undefined) => T[K]): Promise<T[K]> {
    assertName('state', name, 'ObjectState.update()');
    const state = this.operations('ObjectState.update');
    const next = change(state.get(name) as T[K] | undefined);
    state.set(name, next);
    return Promise.resolve(next);
  }

  /** Deletes a name with its value, if there is one. */
  delete(name: StateName<T>): Promise<void> {
    assertName('state', name, 'ObjectState.delete()');
    this.operations('ObjectState.delete').delete(name);
    return Promise.resolve();
  }

  /** Deletes all names. */
  clear(): Promise<void> {
    const state = this.operations('ObjectState.clear');
    for (const name of state.keys()) state.delete(name);
    return Promise.resolve();
  }

  /** The names that have values. */
  keys(): StateName<T>[] {
    return this.operations('ObjectState.keys').keys() as StateName<T>[];
  }

  /** Where it is kept. */
  protected operations(what: string): StateOperations {
    return attemptFor(what).state(what);
  }
}
