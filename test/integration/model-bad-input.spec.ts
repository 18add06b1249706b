import type { Type } from '@nestjs/common';
import {
  DurableContext,
  type DurableError,
  DurableService,
  Handler,
  ObjectState,
  Shared,
  Step,
  VirtualObject,
} from '../../lib/index.js';
import { Applications, type Running } from '../support/applications.js';
import { until } from '../support/until.js';

const ONCE = { retry: { maxAttempts: 1 } };
const UNKNOWN = '0193a0a0-0000-7000-8000-000000000000';

@VirtualObject()
class Shelf {
  constructor(
    private readonly state: ObjectState,
    private readonly durable: DurableContext,
  ) {}

  @Handler(ONCE)
  async put(value: unknown): Promise<string> {
    await this.state.set('value', value);
    return this.durable.key;
  }

  @Handler(ONCE)
  async putBad(kind: 'function' | 'cycle' | 'large'): Promise<void> {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const bad = { function: () => 1, cycle, large: 'x'.repeat(4_096) }[kind];
    await this.state.set('value', bad);
  }

  @Handler(ONCE)
  async putInStep(): Promise<unknown> {
    return this.durable.run('put', () => this.state.set('value', 1));
  }

  @Handler(ONCE)
  async getInStep(): Promise<unknown> {
    return this.durable.run('get', () => this.state.get('value'));
  }

  @Handler(ONCE)
  async putAs(name: string): Promise<void> {
    await this.state.set(name, 1);
  }

  @Shared(ONCE)
  async cheat(how: 'set' | 'delete' | 'update' | 'clear'): Promise<unknown> {
    if (how === 'update') return this.state.update('value', () => 0);
    return how === 'clear'
      ? this.state.clear()
      : how === 'set'
        ? this.state.set('value', 0)
        : this.state.delete('value');
  }

  @Shared(ONCE)
  async peek(): Promise<unknown> {
    return this.state.get('value');
  }
}

@DurableService()
class Plain {
  constructor(
    private readonly durable: DurableContext,
    private readonly state: ObjectState,
  ) {}

  @Handler(ONCE)
  async reads(): Promise<unknown> {
    return this.state.get('value');
  }

  @Handler(ONCE)
  async key(): Promise<string> {
    return this.durable.key;
  }

  @Handler(ONCE)
  async sleeps(duration: number): Promise<void> {
    await this.durable.sleep(duration);
  }

  @Handler(ONCE)
  async sleepsUntil(date: Date): Promise<void> {
    await this.durable.sleepUntil(date);
  }

  @Handler(ONCE)
  async withoutKey(): Promise<unknown> {
    return this.durable.call(Shelf).peek();
  }

  @Handler(ONCE)
  async withKey(): Promise<unknown> {
    return this.durable.call(Plain, { key: 'a' }).reads();
  }

  @Handler(ONCE)
  async sleepsInStep(): Promise<void> {
    await this.nap();
  }

  @Handler(ONCE)
  async attaches(id: string): Promise<unknown> {
    return this.durable.attach(id);
  }

  @Handler(ONCE)
  async sets(): Promise<void> {
    this.durable.set('bad', () => 1);
  }

  @Handler(ONCE)
  async waits(): Promise<unknown> {
    const { id, promise } = this.durable.awakeable();
    this.durable.set('id', id);
    return promise;
  }

  @Step()
  async nap(): Promise<void> {
    await this.durable.sleep(1);
  }
}

let applications: Applications;
let running: Running;
beforeAll(async () => {
  applications = await Applications.open();
  running = await applications.start({ providers: [Shelf, Plain], durable: { limits: { payload: 2_048 } } });
});
afterAll(() => applications.close());

async function caught(promise: Promise<unknown>): Promise<DurableError> {
  return promise.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error: DurableError) => error,
  );
}

/** What is thrown by something that must not write a row. */
async function refused(work: () => Promise<unknown>): Promise<DurableError> {
  const before = await running.rows();
  const error = await caught(work());
  expect(await running.rows()).toEqual(before);
  return error;
}

const shelf = (key: string) => running.client.call(Shelf, { key, timeout: '20s' });
const plain = () => running.client.call(Plain, { timeout: '20s' });

describe('the key of an object', () => {
  it.each<[string, unknown]>([
    ['missing', undefined],
    ['empty', ''],
    ['null', null],
    ['a number', 5],
    ['with NUL', 'a\0b'],
    ['with a lone surrogate', '\ud800'],
    ['over the limit', 'x'.repeat(1_025)],
    ['over the limit in bytes', '😀'.repeat(257)],
  ])('that is %s is refused by the client, before anything is written', async (_, key) => {
    const options = { key } as { key: string };
    const expected = { code: 'DURABLE_OBJECT_KEY', service: 'Shelf' };
    expect(await refused(() => running.client.call(Shelf, options).peek())).toMatchObject(expected);
    expect(await refused(() => running.client.send(Shelf, options).put(1))).toMatchObject(expected);
    expect(() => running.client.state(Shelf, key as string)).toThrow(
      expect.objectContaining(expected) as Error,
    );
  });

  it('has no place at a plain service', async () => {
    const expected = { code: 'DURABLE_OBJECT_KEY', service: 'Plain' };
    expect(await refused(() => running.client.call(Plain, { key: 'a' }).reads())).toMatchObject(expected);
    expect(() => running.client.state(Plain, 'a')).toThrow(expect.objectContaining(expected) as Error);
    expect(await caught(plain().withKey())).toMatchObject(expected);
  });

  it('is missed by a handler that calls without one', async () => {
    expect(await caught(plain().withoutKey())).toMatchObject({
      code: 'DURABLE_OBJECT_KEY',
      service: 'Shelf',
    });
  });

  it.each([
    ['of 1,024 bytes', 'x'.repeat(1_024)],
    ['of emoji', '😀'.repeat(256)],
    ['like SQL', "'; DROP TABLE durable.invocation; --"],
    ['like a path', '../../etc/passwd'],
    ['like a prototype', '__proto__'],
    ['of a space', ' '],
    ['of control characters', '\u0001\n\r\t\u007f'],
  ])('may be one %s', async (_, key) => {
    expect(await shelf(key).put(key)).toBe(key);
    expect(await shelf(key).peek()).toBe(key);
  });
});

describe('state', () => {
  it('is refused outside of an object, in a step, and to the writes of a shared handler', async () => {
    expect(await caught(plain().reads())).toMatchObject({
      code: 'DURABLE_NO_OBJECT',
      what: 'ObjectState.get',
    });
    expect(await caught(plain().key())).toMatchObject({ code: 'DURABLE_NO_OBJECT' });
    expect(await caught(shelf('a').putInStep())).toMatchObject({ code: 'DURABLE_INSIDE_STEP', step: 'put' });
    expect(await caught(shelf('a').getInStep())).toMatchObject({ code: 'DURABLE_INSIDE_STEP', step: 'get' });
    await shelf('a').put(1);
    for (const how of ['set', 'delete', 'update', 'clear'] as const)
      expect(await caught(shelf('a').cheat(how))).toMatchObject({ code: 'DURABLE_SHARED_STATE' });
    expect(await shelf('a').peek()).toBe(1);
    expect(() => running.app.get<ObjectState>(ObjectState).get('a')).toThrow(
      expect.objectContaining({ code: 'DURABLE_NO_INVOCATION' }) as Error,
    );
  });

  it('that cannot be stored fails the handler, and the object stays as it was', async () => {
    await shelf('bad').put('good');
    expect(await caught(shelf('bad').putBad('function'))).toMatchObject({
      code: 'DURABLE_UNSERIALISABLE_VALUE',
    });
    expect(await caught(shelf('bad').putBad('cycle'))).toMatchObject({
      code: 'DURABLE_UNSERIALISABLE_VALUE',
    });
    expect(await caught(shelf('bad').putBad('large'))).toMatchObject({ code: 'DURABLE_PAYLOAD_TOO_LARGE' });
    expect(await shelf('bad').peek()).toBe('good');
    const state = running.client.state(Shelf, 'bad');
    expect(await caught(state.set('value', () => 1))).toMatchObject({ code: 'DURABLE_UNSERIALISABLE_VALUE' });
    expect(await caught(state.set('value', 'x'.repeat(4_096)))).toMatchObject({
      code: 'DURABLE_PAYLOAD_TOO_LARGE',
    });
    expect(await state.get('value')).toBe('good');
  });

  it.each(['', 'a\0', 'a\n', '\ud800', 'x'.repeat(257)])('has no name %j', async name => {
    const expected = { code: 'DURABLE_INVALID_NAME', kind: 'state' };
    const state = running.client.state(Shelf, 'names');
    expect(await caught(state.get(name))).toMatchObject(expected);
    expect(await caught(state.set(name, 1))).toMatchObject(expected);
    expect(await caught(state.delete(name))).toMatchObject(expected);
    if (!/[\ud800\0]/.test(name)) expect(await caught(shelf('names').putAs(name))).toMatchObject(expected);
  });
});

describe('a time', () => {
  it.each([-1, NaN, Infinity, -Infinity, 1e15, Number.MAX_VALUE])('of %p ms is refused', async ms => {
    expect(await caught(plain().sleeps(ms))).toMatchObject({ code: 'DURABLE_INVALID_DURATION' });
  });

  it('that is no valid date is refused', async () => {
    expect(await caught(plain().sleepsUntil('soon' as never))).toMatchObject({
      code: 'DURABLE_INVALID_OPTION',
    });
  });

  it('does not pass within a step', async () => {
    expect(await caught(plain().sleepsInStep())).toMatchObject({
      code: 'DURABLE_INSIDE_STEP',
      what: 'DurableContext.sleep',
      step: 'Plain.nap',
    });
  });

  it('to wait for a result is a duration', async () => {
    const call = (timeout: unknown) => refused(() => running.client.call(Plain, { timeout } as never).key());
    for (const timeout of [-1, NaN, 'soon', null, false])
      expect(await call(timeout)).toMatchObject({ code: 'DURABLE_INVALID_DURATION' });
  });
});

describe('who is not there', () => {
  it('cannot be attached to', async () => {
    for (const id of [UNKNOWN, 'x', ''])
      expect(await caught(plain().attaches(id))).toMatchObject({ code: 'DURABLE_INVOCATION_NOT_FOUND' });
  });

  it('has no progress, no result and no status, and gets no signal', async () => {
    for (const id of [UNKNOWN, 'x', '', 5 as never]) {
      const handle = running.client.get(id);
      for (const ask of [
        () => running.client.query(id, 'a'),
        () => running.client.signal(id, 'a'),
        () => handle.result(),
        () => handle.status(),
      ])
        expect(await refused(ask)).toMatchObject({ code: 'DURABLE_INVOCATION_NOT_FOUND' });
    }
  });
});

describe('a message', () => {
  it('with a wrong name, option or value is refused, before anything is written', async () => {
    const { client } = running;
    const bad = [
      [() => client.signal(UNKNOWN, ''), 'DURABLE_INVALID_NAME'],
      [() => client.signal(UNKNOWN, 'a\n'), 'DURABLE_INVALID_NAME'],
      [() => client.signal(UNKNOWN, 'a', 1, { idempotencyKey: '' }), 'DURABLE_INVALID_OPTION'],
      [() => client.signal(UNKNOWN, 'a', 1, { key: 'a' } as never), 'DURABLE_INVALID_OPTION'],
      [() => client.signal(UNKNOWN, 'a', () => 1), 'DURABLE_UNSERIALISABLE_VALUE'],
      [() => client.signal(UNKNOWN, 'a', 'x'.repeat(4_096)), 'DURABLE_PAYLOAD_TOO_LARGE'],
      [() => client.query(UNKNOWN, ''), 'DURABLE_INVALID_NAME'],
      [() => client.list({ parent: 'x' }), 'DURABLE_INVALID_OPTION'],
      [() => client.list({ parent: 5 as never }), 'DURABLE_INVALID_OPTION'],
      [() => client.send(Plain, { signal: { name: '' } }).key(), 'DURABLE_INVALID_NAME'],
      [
        () => client.send(Plain, { signal: { name: 'a', value: () => 1 } }).key(),
        'DURABLE_UNSERIALISABLE_VALUE',
      ],
    ] as const;
    for (const [use, code] of bad) expect(await refused(use)).toMatchObject({ code });
  });

  it('to an awakeable of another schema is refused by its id', async () => {
    const { id } = await running.client.send(Plain).waits();
    await until('it waits', async () => (await running.client.query(id, 'id')) !== undefined);
    const awakeable = (await running.client.query<string>(id, 'id')) as string;
    const other = await applications.start({ durable: { worker: false } });
    const error = await caught(other.client.resolveAwakeable(awakeable, 1));
    expect(error).toMatchObject({ code: 'DURABLE_AWAKEABLE_NOT_FOUND' });
    expect(error.message).toContain('another database');
    await other.close();
    await expect(running.client.rejectAwakeable(awakeable, 5 as never)).rejects.toMatchObject({
      code: 'DURABLE_INVALID_OPTION',
    });
    await running.client.resolveAwakeable(awakeable, 'paid');
    expect(await running.client.get(id).result({ timeout: '20s' })).toBe('paid');
  });

  it('of a progress that cannot be stored fails the handler', async () => {
    expect(await caught(plain().sets())).toMatchObject({ code: 'DURABLE_UNSERIALISABLE_VALUE' });
  });
});

describe('decorators', () => {
  const boot = (...providers: Type[]) =>
    caught(applications.start({ providers, durable: { postgres: { url: applications.database.url } } }));

  it('share nothing in a plain service', async () => {
    @DurableService()
    class SharesNothing {
      @Shared()
      async peek(): Promise<void> {}
    }
    expect(await boot(SharesNothing)).toMatchObject({
      code: 'DURABLE_INVALID_DECORATOR',
      target: 'SharesNothing.peek',
    });
  });

  it('give an object and a service no common name', async () => {
    @DurableService({ name: 'same' })
    class Service {}
    @VirtualObject({ name: 'same' })
    class Thing {}
    expect(await boot(Service, Thing)).toMatchObject({ code: 'DURABLE_DUPLICATE_NAME', duplicate: 'same' });
  });
});
