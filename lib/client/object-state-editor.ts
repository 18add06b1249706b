import type { StateName } from '../context/object-state.js';
import { objectRef } from '../codec/identity.js';
import { ObjectBusyError } from '../errors/index.js';
import { assertName } from '../options/names.js';
import type { ObjectRef } from '../ports/store.js';
import type { Backend } from '../runtime/backend.js';

/**
 * The state of one virtual object, for administration: tools, repairs, tests. It reads what is committed; handlers
 * read and write through `ObjectState`.
 */
export interface ObjectStateEditor<T extends object = Record<string, unknown>> {
  /** The value of a name; `undefined` if there is none. */
  get<K extends StateName<T>>(name: K): Promise<T[K] | undefined>;
  /** All names with their values. */
  all(): Promise<Partial<T>>;
  /**
   * Gives a name a value.
   * @throws ObjectBusyError (DURABLE_OBJECT_BUSY) while an exclusive handler has the object
   */
  set<K extends StateName<T>>(name: K, value: T[K]): Promise<void>;
  /**
   * Deletes a name.
   * @throws ObjectBusyError (DURABLE_OBJECT_BUSY) while an exclusive handler has the object
   */
  delete(name: StateName<T>): Promise<void>;
}

/** Asks the store, unless the client is closed. */
type WhileOpen = <R>(ask: () => Promise<R>) => Promise<R>;

/** {@link ObjectStateEditor} on the store. */
export class StoredObjectState<T extends object> implements ObjectStateEditor<T> {
  private readonly object: ObjectRef;

  constructor(
    private readonly service: string,
    key: string,
    private readonly backend: Backend,
    private readonly whileOpen: WhileOpen,
  ) {
    this.object = objectRef(service, key);
  }

  async get<K extends StateName<T>>(name: K): Promise<T[K] | undefined> {
    assertName('state', name, 'state().get()');
    const text = (await this.read()).get(name);
    return text === undefined ? undefined : (this.backend.codec.decode(text) as T[K]);
  }

  async all(): Promise<Partial<T>> {
    const values = [...(await this.read())].map(
      ([name, text]) => [name, this.backend.codec.decode(text)] as const,
    );
    // Any name is an own property of it, `__proto__` included.
    return Object.fromEntries(values) as Partial<T>;
  }

  async set<K extends StateName<T>>(name: K, value: T[K]): Promise<void> {
    assertName('state', name, 'state().set()');
    await this.edit(name, value === undefined ? null : this.backend.codec.encode(value));
  }

  async delete(name: StateName<T>): Promise<void> {
    assertName('state', name, 'state().delete()');
    await this.edit(name, null);
  }

  private async read(): Promise<Map<string, string>> {
    const { id } = this.object;
    const states = await this.whileOpen(() => this.backend.store.states([id]));
    return states.get(id) ?? new Map<string, string>();
  }

  private async edit(name: string, value: string | null): Promise<void> {
    const result = await this.whileOpen(() => this.backend.store.editState(this.object, [{ name, value }]));
    if (result === 'busy') throw new ObjectBusyError(this.service, this.object.key);
  }
}
