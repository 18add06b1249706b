/* eslint-disable @typescript-eslint/no-unsafe-call -- what does not compile has no type */
/**
 * What the compiler says of durable operations, virtual objects and their state. Nothing here runs: `tsc` checks it
 * with the other tests, and a wrong use that compiles is an unused `@ts-expect-error`.
 */
import {
  Handler,
  Shared,
  VirtualObject,
  type Awakeable,
  type ChildHandle,
  type DurableClient,
  type DurableContext,
  type InvocationHandle,
  type ObjectState,
} from '../../lib/index.js';
import { objectState } from '../../lib/testing/index.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only if a value has just this type. */
declare function exactly<E>(): <A>(
  value: A,
  ...same: Equal<A, E> extends true ? [] : ['not the same']
) => void;

interface Stock {
  count: number;
  names: string[];
}

@VirtualObject({ name: 'warehouse' })
class Warehouse {
  constructor(private readonly state: ObjectState<Stock>) {}

  @Handler()
  async reserve(count: number, note?: string): Promise<bigint> {
    await this.state.set('count', count - this.secret());
    return BigInt(note ?? 0);
  }

  @Shared({ timeout: '1s' })
  async available(): Promise<number | undefined> {
    return this.state.get('count');
  }

  private secret(): number {
    return 1;
  }
}

declare const client: DurableClient;
declare const durable: DurableContext;
declare const state: ObjectState<Stock>;
declare const anyState: ObjectState;

/** Right uses, with the exact types of what they give. */
export async function right(): Promise<void> {
  exactly<bigint>()(await durable.call(Warehouse, { key: 'a', timeout: '2s' }).reserve(1, 'fast'));
  exactly<number | undefined>()(await durable.call(Warehouse, { key: 'a' }).available());
  const handle = await durable.send(Warehouse, { key: 'a', delay: 5 }).reserve(1);
  exactly<ChildHandle<bigint>>()(handle);
  exactly<bigint>()(await handle.result({ timeout: 1 }));
  exactly<string>()(handle.id);

  exactly<void>()(await durable.sleep('25d'));
  exactly<void>()(await durable.sleepUntil(new Date()));
  exactly<unknown>()(await durable.attach('id'));
  exactly<Stock>()(await durable.attach<Stock>('id', { timeout: '1d' }));
  exactly<unknown>()(await durable.signal('approve'));
  exactly<boolean>()(await durable.signal<boolean>('approve', { timeout: '1d' }));
  exactly<Awakeable>()(durable.awakeable());
  exactly<number>()(await durable.awakeable<number>({ timeout: 5 }).promise);
  exactly<void>()(durable.set('progress', { done: 1 }));
  exactly<Date>()(durable.now());
  exactly<number>()(durable.random());
  exactly<string>()(durable.uuid());
  exactly<string>()(durable.key);

  exactly<bigint>()(await client.call(Warehouse, { key: 'a', timeout: '1m' }).reserve(1));
  const sent = await client.send(Warehouse, { key: 'a', signal: { name: 'go', value: 1 } }).available();
  exactly<InvocationHandle<number | undefined>>()(sent);
  exactly<unknown>()(await client.query('id', 'progress'));
  exactly<number | undefined>()(await client.query<number>('id', 'progress'));
  await client.signal('id', 'approve');
  await client.signal('id', 'approve', true, { idempotencyKey: 'k' });
  await client.resolveAwakeable('awk_', { any: 'thing' });
  await client.rejectAwakeable('awk_', new Error('no'));
  await client.rejectAwakeable('awk_', 'no');
  await client.list({ parent: 'id' });

  const edited = client.state<Stock>(Warehouse, 'a');
  exactly<number | undefined>()(await edited.get('count'));
  exactly<Partial<Stock>>()(await edited.all());
  await edited.set('names', ['a']);
  await edited.delete('count');
  exactly<unknown>()(await client.state(Warehouse, 'a').get('anything'));

  exactly<number | undefined>()(state.get('count'));
  exactly<void>()(await state.set('count', 1));
  exactly<string[]>()(await state.update('names', (names = []) => [...names, 'b']));
  exactly<('count' | 'names')[]>()(state.keys());
  await state.delete('names');
  await state.clear();
  exactly<unknown>()(anyState.get('anything'));
  await anyState.set('anything', 1);
  exactly<string[]>()(anyState.keys());
  exactly<ObjectState<Stock>>()(objectState<Stock>({ count: 1 }));
  void new Warehouse(objectState<Stock>());
}

/** Wrong uses: each line is an error. */
export async function wrong(): Promise<void> {
  // @ts-expect-error no such name
  state.get('cuont');
  // @ts-expect-error no such name
  await state.set('cuont', 1);
  // @ts-expect-error another type
  await state.set('count', '1');
  // @ts-expect-error another type
  await state.update('count', () => 'one');
  // @ts-expect-error it may not be there yet
  await state.update('count', count => count + 1);
  // @ts-expect-error no such name
  await state.delete('cuont');
  // @ts-expect-error it may not be there
  const count: number = state.get('count');
  // @ts-expect-error another type
  objectState<Stock>({ count: 'one' });

  const edited = client.state<Stock>(Warehouse, 'a');
  // @ts-expect-error no such name
  await edited.get('cuont');
  // @ts-expect-error another type
  await edited.set('count', '1');
  // @ts-expect-error a state has a key
  client.state(Warehouse);
  // @ts-expect-error a name is no class
  client.state('warehouse', 'a');

  // @ts-expect-error a private method
  await durable.call(Warehouse, { key: 'a' }).secret();
  // @ts-expect-error no such method
  await durable.send(Warehouse, { key: 'a' }).reserv(1);
  // @ts-expect-error another type
  await durable.call(Warehouse, { key: 'a' }).reserve('1');
  // @ts-expect-error an argument is missing
  await durable.send(Warehouse, { key: 'a' }).reserve();
  // @ts-expect-error one argument too many
  await durable.call(Warehouse, { key: 'a' }).available(1);
  // @ts-expect-error a key is a text
  durable.call(Warehouse, { key: 1 });
  // @ts-expect-error no such option
  durable.call(Warehouse, { ky: 'a' });
  // @ts-expect-error a send does not wait
  durable.send(Warehouse, { key: 'a', timeout: 1 });
  // @ts-expect-error a handler signals with its client
  durable.send(Warehouse, { key: 'a', signal: { name: 'go' } });
  // @ts-expect-error a send does not wait
  client.send(Warehouse, { key: 'a', timeout: 1 });
  // @ts-expect-error a signal has a name
  client.send(Warehouse, { key: 'a', signal: { value: 1 } });
  // @ts-expect-error the result is a bigint
  const text: string = await durable.call(Warehouse, { key: 'a' }).reserve(1);
  // @ts-expect-error send() gives a handle
  const direct: bigint = await durable.send(Warehouse, { key: 'a' }).reserve(1);

  // @ts-expect-error no duration
  await durable.sleep('5 minutes');
  // @ts-expect-error no duration
  await durable.sleep(new Date());
  // @ts-expect-error no Date
  await durable.sleepUntil('tomorrow');
  // @ts-expect-error no such option
  await durable.signal('approve', { timeuot: 1 });
  // @ts-expect-error a reason is an error or a text
  await client.rejectAwakeable('awk_', 1);

  void [count, text, direct];
}

/** Wrong decorators: each line is an error. */
export class Wrong {
  // @ts-expect-error no such option
  @Shared({ retries: 3 })
  async retries(): Promise<void> {}

  // @ts-expect-error for classes only
  @VirtualObject()
  async method(): Promise<void> {}
}
