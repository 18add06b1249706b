import { SharedStateError } from '../errors/index.js';
import type { Codec } from '../ports/codec.js';
import type { HandlerKind } from '../ports/handlers.js';
import type { StateOperations } from '../ports/operations.js';
import type { ObjectRef, StateWrite } from '../ports/store.js';

/** Records what is given at the call itself; gives what was recorded. */
export type Note = (
  name: string,
  make: () => { readonly value: string; readonly state?: StateWrite },
) => string;

/**
 * The state of an object, as one attempt sees it.
 *
 * What a handler reads is recorded at its first reading, so that a replay reads the same whatever others have
 * written since; what it writes is recorded and applied in one commit.
 */
export class ObjectState implements StateOperations {
  /** What the handler knows: encoded, or `null` if there is none. */
  private readonly known = new Map<string, string | null>();
  private stored: ReadonlySet<string> | undefined;
  private readonly nothing: string;

  /** @param loaded what the store had when the attempt began */
  constructor(
    private readonly object: ObjectRef,
    private readonly kind: HandlerKind,
    private readonly handler: string,
    private readonly loaded: ReadonlyMap<string, string>,
    private readonly note: Note,
    private readonly codec: Codec,
  ) {
    this.nothing = codec.encode(undefined);
  }

  get(name: string): unknown {
    const known = this.known.get(name) ?? (this.known.has(name) ? null : this.read(name));
    return known === null ? undefined : this.codec.decode(known);
  }

  set(name: string, value: unknown): void {
    this.write('set', name, value === undefined ? null : this.codec.encode(value));
  }

  delete(name: string): void {
    this.write('delete', name, null);
  }

  keys(): string[] {
    this.stored ??= new Set(this.codec.decode(this.note('keys', () => this.loadedKeys())) as string[]);
    const keys = new Set(this.stored);
    for (const [name, value] of this.known) {
      if (value === null) keys.delete(name);
      else keys.add(name);
    }
    return [...keys].sort();
  }

  private loadedKeys(): { value: string } {
    return { value: this.codec.encode([...this.loaded.keys()].sort()) };
  }

  private read(name: string): string | null {
    const text = this.note(`get ${name}`, () => ({ value: this.loaded.get(name) ?? this.nothing }));
    const value = text === this.nothing ? null : text;
    this.known.set(name, value);
    return value;
  }

  private write(verb: 'set' | 'delete', name: string, value: string | null): void {
    if (this.kind !== 'exclusive') throw new SharedStateError(`ObjectState.${verb}`, this.handler);
    const state = { objectId: this.object.id, name, value };
    this.note(`${verb} ${name}`, () => ({ value: value ?? this.nothing, state }));
    this.known.set(name, value);
  }
}
