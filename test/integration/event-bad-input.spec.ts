import { Injectable, type Provider } from '@nestjs/common';
import {
  DurableContext,
  DurableEvent,
  DurableService,
  Handler,
  NoInvocationError,
  OnDurableEvent,
  Step,
  VirtualObject,
} from '../../lib/index.js';
import { Applications, type Running } from '../support/applications.js';

@DurableEvent('order.paid')
class OrderPaid {
  constructor(readonly order: unknown) {}
}

class FreeOrder extends OrderPaid {}

@DurableEvent('order.paid')
class OrderPaidElsewhere {}

@DurableService()
class Paid {
  constructor(private readonly durable: DurableContext) {}

  @OnDurableEvent(OrderPaid)
  async book(): Promise<void> {}

  @Handler()
  async publish(what: string): Promise<string> {
    const bad = { other: new OrderPaidElsewhere(), number: 5 }[what];
    try {
      await this.durable.publish(bad as object);
    } catch (error) {
      return (error as { code: string }).code;
    }
    return 'published';
  }

  @Step()
  async inStep(): Promise<unknown> {
    return this.durable.publish(new OrderPaid(1));
  }

  @Handler()
  async publishInStep(): Promise<unknown> {
    return this.inStep();
  }

  @Handler()
  async publishFunction(): Promise<unknown> {
    return this.durable.publish(new OrderPaid(() => 1)).catch((error: { code: string }) => error.code);
  }
}

let applications: Applications;
let one: Running;
beforeAll(async () => {
  applications = await Applications.open();
  one = await applications.start({ providers: [Paid], durable: { limits: { payload: 2_048 } } });
});
afterAll(() => applications.close());

describe('what is published', () => {
  it.each<[string, () => unknown, string]>([
    ['nothing', () => undefined, 'DURABLE_UNKNOWN_EVENT'],
    ['null', () => null, 'DURABLE_UNKNOWN_EVENT'],
    ['a text', () => 'order.paid', 'DURABLE_UNKNOWN_EVENT'],
    ['a list', () => [new OrderPaid(1)], 'DURABLE_UNKNOWN_EVENT'],
    ['a plain object', () => ({ order: 1 }), 'DURABLE_UNKNOWN_EVENT'],
    ['an object without a class', () => Object.create(null) as object, 'DURABLE_UNKNOWN_EVENT'],
    ['an object of a foreign class', () => new Date(), 'DURABLE_UNKNOWN_EVENT'],
    ['an instance of a subclass without a name of its own', () => new FreeOrder(1), 'DURABLE_UNKNOWN_EVENT'],
    [
      'an instance of another class of the same name',
      () => new OrderPaidElsewhere(),
      'DURABLE_DUPLICATE_NAME',
    ],
    ['what cannot be stored', () => new OrderPaid(() => 1), 'DURABLE_UNSERIALISABLE_VALUE'],
    ['what is too large', () => new OrderPaid('x'.repeat(5_000)), 'DURABLE_PAYLOAD_TOO_LARGE'],
  ])('is refused if it is %s, and nothing is stored', async (_, make, code) => {
    const before = await one.rows();
    await expect(one.client.publish(make() as object)).rejects.toMatchObject({ code });
    expect(await one.rows()).toEqual(before);
  });

  it.each([undefined, null, 1, 'text', [1]])('is refused as a class with the data %p', async data => {
    await expect(one.client.publish(OrderPaid, data as never)).rejects.toMatchObject({
      code: 'DURABLE_INVALID_EVENT',
      event: 'order.paid',
      details: [{ path: '', messages: [expect.stringContaining('object')] }],
    });
    await expect(one.client.publish(FreeOrder, { order: 1 })).rejects.toMatchObject({
      code: 'DURABLE_UNKNOWN_EVENT',
    });
  });

  it.each([{ id: '' }, { id: 'x'.repeat(513) }, { id: 5 }, { id: '\n' }, { delay: 5 }, 'id', []])(
    'is refused with the options %p',
    async options => {
      const rejects = { code: 'DURABLE_INVALID_OPTION' };
      await expect(one.client.publish(new OrderPaid(1), options as never)).rejects.toMatchObject(rejects);
      await expect(one.client.publish(OrderPaid, { order: 1 }, options as never)).rejects.toMatchObject(
        rejects,
      );
    },
  );

  it('is refused by an application that is closed', async () => {
    const other = await applications.start({ durable: { worker: false } });
    await other.close();
    await expect(other.client.publish(new OrderPaid(1))).rejects.toMatchObject({
      code: 'DURABLE_CLIENT_CLOSED',
    });
  });

  it('is refused in a handler in the same way, and outside of one', async () => {
    const handler = one.client.call(Paid, { timeout: '20s' });
    expect(await handler.publish('other')).toBe('DURABLE_DUPLICATE_NAME');
    expect(await handler.publish('number')).toBe('DURABLE_UNKNOWN_EVENT');
    expect(await handler.publishFunction()).toBe('DURABLE_UNSERIALISABLE_VALUE');
    await expect(handler.publishInStep()).rejects.toMatchObject({ code: 'DURABLE_INSIDE_STEP' });
    expect(() => new DurableContext().publish(new OrderPaid(1))).toThrow(NoInvocationError);
  });
});

describe('a decorator', () => {
  const on = (events: unknown, options?: unknown) => () => {
    class Wrong {
      handle(): void {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Wrong.prototype, 'handle') as PropertyDescriptor;
    OnDurableEvent(events as never, options as never)(Wrong.prototype, 'handle', descriptor);
  };

  it.each<[string, unknown]>([
    ['an empty list', []],
    ['a class without a name', class Plain {}],
    ['a subclass without a name of its own', FreeOrder],
    ['nothing, as in a circular import', undefined],
    ['a number', 5],
    ['a list in a list', [[OrderPaid]]],
  ])('for %s is refused', (_, events) => {
    expect(on(events)).toThrow(expect.objectContaining({ code: 'DURABLE_INVALID_DECORATOR' }) as Error);
  });

  it.each(['', '*', 'a b', 'x'.repeat(129)])('for the name %p is refused', name => {
    expect(on(name)).toThrow(expect.objectContaining({ code: 'DURABLE_INVALID_NAME' }) as Error);
    expect(() => DurableEvent(name)(class Wrong {})).toThrow(
      expect.objectContaining({ code: 'DURABLE_INVALID_NAME' }) as Error,
    );
  });

  it.each([{ key: 'email' }, { keys: () => '' }, null, 5])('with the options %p is refused', options => {
    expect(on('order.paid', options)).toThrow(
      expect.objectContaining({ code: 'DURABLE_INVALID_OPTION' }) as Error,
    );
  });

  it('for an event is refused on a method, and twice on one', () => {
    class Wrong {
      handle(): void {}
    }
    const descriptor = Object.getOwnPropertyDescriptor(Wrong.prototype, 'handle') as PropertyDescriptor;
    const refused = expect.objectContaining({ code: 'DURABLE_INVALID_DECORATOR' }) as Error;
    const misplaced = DurableEvent('a') as unknown as MethodDecorator;
    expect(() => misplaced(Wrong.prototype, 'handle', descriptor)).toThrow(refused);
    OnDurableEvent('a')(Wrong.prototype, 'handle', descriptor);
    expect(() => OnDurableEvent('b')(Wrong.prototype, 'handle', descriptor)).toThrow(refused);
  });
});

describe('an application does not start', () => {
  const starts = (...providers: Provider[]) => applications.start({ providers });

  it('with a handler of events in a class that is no durable service', async () => {
    @Injectable()
    class Nowhere {
      @OnDurableEvent(OrderPaid)
      async book(): Promise<void> {}
    }
    await expect(starts(Nowhere)).rejects.toMatchObject({
      code: 'DURABLE_INVALID_DECORATOR',
      decorator: '@OnDurableEvent()',
      target: 'Nowhere.book',
    });
  });

  it('with one in a virtual object that does not say which object, or elsewhere if it does', async () => {
    @VirtualObject()
    class Keyless {
      @OnDurableEvent(OrderPaid)
      async book(): Promise<void> {}
    }
    @DurableService()
    class Keyed {
      @OnDurableEvent(OrderPaid, { key: () => 'a' })
      async book(): Promise<void> {}
    }
    await expect(starts(Keyless)).rejects.toMatchObject({ code: 'DURABLE_INVALID_DECORATOR' });
    await expect(starts(Keyed)).rejects.toMatchObject({ code: 'DURABLE_INVALID_DECORATOR' });
  });

  it('with two classes of one event name', async () => {
    @DurableService()
    class Elsewhere {
      @OnDurableEvent<OrderPaidElsewhere>('order.paid')
      async book(_: OrderPaidElsewhere): Promise<void> {}
    }
    await expect(starts(Paid, Elsewhere)).rejects.toMatchObject({
      code: 'DURABLE_DUPLICATE_NAME',
      kind: 'event',
      duplicate: 'order.paid',
    });
  });
});

describe('the routing of an event', () => {
  it('fails at once where a key is none, and where a predicate gives no answer', async () => {
    @VirtualObject()
    class Badly {
      @OnDurableEvent(OrderPaid, { key: event => event.order as string })
      async book(): Promise<void> {}

      @OnDurableEvent((() => Promise.resolve(false)) as unknown as () => boolean, { key: () => 'a' })
      async later(): Promise<void> {}
    }
    const other = await applications.start({ providers: [Badly] });
    const { invocations } = await other.client.publish(new OrderPaid(5));
    const results = await Promise.allSettled(
      invocations.map(id => other.client.get(id).result({ timeout: '20s' })),
    );
    expect(results.map(result => (result as { reason?: { code: string } }).reason?.code).sort()).toEqual([
      'DURABLE_INVALID_OPTION',
      'DURABLE_OBJECT_KEY',
    ]);
  });
});
