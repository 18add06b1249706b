import type { InjectableOptions } from '@nestjs/common';
import type { VirtualObjectOptions } from '../options/decorator-options.js';
import { durableClass } from './class-decorator.js';

/**
 * Makes an injectable a virtual object: a durable service of which there is one for each key, with a state of its
 * own (`ObjectState`).
 *
 * A `@Handler()` has its key for itself: those of one key run one after the other, in the order in which they were
 * accepted. A `@Shared()` handler runs beside all others, and may only read the state. Whoever calls gives the key:
 * `client.call(Warehouse, { key: sku }).reserve(order)`.
 *
 * Two objects that wait for each other's exclusive handlers wait for ever: give such a call a `timeout`, or `send`.
 *
 * @param options `name`: what journals and other applications call it; the class name by default. Give one before
 *   you rename a class that has state or invocations.
 * @example
 * ```ts
 * @VirtualObject()
 * export class Warehouse {
 *   constructor(private readonly state: ObjectState<{ stock: number }>) {}
 *
 *   @Handler()
 *   async reserve(count: number): Promise<boolean> {
 *     const stock = this.state.get('stock') ?? 0;
 *     if (stock < count) return false;
 *     await this.state.set('stock', stock - count);
 *     return true;
 *   }
 *
 *   @Shared()
 *   async available(): Promise<number> { return this.state.get('stock') ?? 0; }
 * }
 * ```
 */
export function VirtualObject(options: VirtualObjectOptions & InjectableOptions = {}): ClassDecorator {
  return durableClass('@VirtualObject()', options, true);
}
