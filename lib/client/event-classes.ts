import { Injectable } from '@nestjs/common';
import { ClassRegistry, type KnownClass } from '../codec/class-registry.js';
import { type EventClass, type EventInfo, eventNameOf } from '../decorators/metadata.js';
import { DuplicateNameError, InvalidEventError, UnknownEventError } from '../errors/index.js';
import { showValue } from '../errors/show-value.js';
import { resolvePublishOptions } from '../options/event-options.js';
import type { Events, Publication } from '../ports/events.js';
import { lostProperties, sparseProperties } from './event-fidelity.js';
import { assertValid, instantiate } from './event-rules.js';

type Encode = (args: readonly unknown[]) => string;

/** Marks the argument of an invocation as an event. */
const EVENT = 'nestjs-durable.event';

/** An event as it is stored: its properties, so that who gets it need not have its class. */
interface StoredEvent extends EventInfo {
  readonly [EVENT]: true;
  readonly data: unknown;
}

/** An event that has come to a handler. */
export interface Delivered {
  readonly info: EventInfo;
  /** An instance of its class where that is known, otherwise what is in it. */
  readonly event: object;
}

/** The classes of events that this application knows: those of its handlers, and those that it has published. */
@Injectable()
export class EventClasses implements Events {
  private readonly known = new Map<string, KnownClass & { readonly type: EventClass }>();

  /**
   * Takes note of the class of an event.
   * @throws DuplicateNameError (DURABLE_DUPLICATE_NAME) if another class has its name
   * @throws UnknownEventError (DURABLE_UNKNOWN_EVENT) if it describes none
   */
  learn(type: EventClass): KnownClass {
    const name = eventNameOf(type);
    if (name === undefined) throw new UnknownEventError(`The class ${type.name || 'without a name'}`);
    const other = this.known.get(name);
    if (other?.type === type) return other;
    if (other) throw new DuplicateNameError('event', name, other.type.name, type.name);
    const known = new ClassRegistry([{ class: type, name }]).of(type.prototype as object) as KnownClass;
    this.known.set(name, { ...known, type });
    return known;
  }

  publication(args: readonly unknown[], where: string): Publication {
    const [first, second, third] = args;
    if (typeof first === 'function') {
      const type = first as EventClass;
      const { name } = this.learn(type);
      const id = resolvePublishOptions(third, where);
      const prepare: Publication['prepare'] = async (own, encode) => {
        const data = dataOf(name, second);
        // Before anyone walks through it: it may be a circle, or without an end.
        encode(stored(name, own, data));
        return this.prepare(await made(name, type, data, encode), name, own, encode);
      };
      return { name, id, prepare };
    }
    const event = first;
    if (typeof event !== 'object' || event === null) throw new UnknownEventError(showValue(event));
    const { name } = this.learn(classOf(event));
    const id = resolvePublishOptions(second, where);
    return { name, id, prepare: (own, encode) => this.prepare(event, name, own, encode) };
  }

  /** The event that an invocation was accepted with; `undefined`: it was called in another way. */
  read([stored]: readonly unknown[]): Delivered | undefined {
    if (!isStored(stored)) return undefined;
    const { name, id, data } = stored;
    return { info: { name, id }, event: this.restore(name, data) as object };
  }

  /** What a handler is given: the event, or the arguments that it was called with. */
  argumentsOf(args: readonly unknown[]): readonly unknown[] {
    const delivered = this.read(args);
    return delivered ? [delivered.event] : args;
  }

  private async prepare(event: object, name: string, id: string, encode: Encode): Promise<string> {
    const { store = properties } = this.learn(classOf(event));
    const text = encode(stored(name, id, store(event)));
    await assertValid(name, event);
    return text;
  }

  private restore(name: string, data: unknown): unknown {
    const known = this.known.get(name);
    if (!known) return data;
    if (known.restore) return known.restore(data);
    return Object.assign(Object.create(known.prototype) as object, data);
  }
}

function isStored(value: unknown): value is StoredEvent {
  return typeof value === 'object' && value !== null && EVENT in value;
}

function classOf(event: object): EventClass {
  const { constructor } = event as { constructor?: unknown };
  if (typeof constructor === 'function') return constructor as EventClass;
  throw new UnknownEventError('An object without a class');
}

function properties(event: object): unknown {
  return { ...event };
}

function stored(name: string, id: string, data: unknown): readonly [StoredEvent] {
  return [{ [EVENT]: true, name, id, data }];
}

function dataOf(name: string, data: unknown): object {
  if (typeof data === 'object' && data !== null && !Array.isArray(data)) return data;
  const messages = [`its data is ${showValue(data)}, and must be an object with its properties`];
  throw new InvalidEventError(name, [{ path: '', messages }]);
}

async function made(name: string, type: EventClass, data: object, encode: Encode): Promise<object> {
  refuseLost(name, sparseProperties(data));
  const event = await instantiate(name, type, data);
  refuseLost(name, lostProperties(data, event, encode));
  return event;
}

function refuseLost(name: string, properties: readonly string[]): void {
  if (properties.length === 0) return;
  const messages = ['class-transformer does not keep its value; publish an instance of the class instead'];
  throw new InvalidEventError(
    name,
    properties.map(path => ({ path, messages })),
  );
}
