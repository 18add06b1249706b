import { type Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { Targets } from '../../../lib/client/target.js';
import { DurableService, Handler, Shared, VirtualObject } from '../../../lib/decorators/index.js';
import { DurableExplorer } from '../../../lib/discovery/durable.explorer.js';
import { MetadataAccessor } from '../../../lib/discovery/metadata-accessor.js';
import { InvalidDecoratorError, InvalidNameError, NotAHandlerError } from '../../../lib/errors/index.js';
import { HandlerRegistry } from '../../../lib/execution/handler-registry.js';
import { DURABLE_OPTIONS } from '../../../lib/options/tokens.js';

class Base {
  @Shared()
  async peek(): Promise<number> {
    return 1;
  }

  @Handler()
  async inherited(): Promise<void> {}
}

@VirtualObject({ name: 'warehouse' })
class Warehouse extends Base {
  @Handler({ name: 'take' })
  async reserve(): Promise<void> {}

  @Shared({ retry: { maxAttempts: 1 } })
  async available(): Promise<number> {
    return 1;
  }

  async plain(): Promise<void> {}
}

@DurableService()
class Orders {
  @Handler()
  async place(): Promise<void> {}
}

@DurableService()
class SharesNothing extends Base {}

async function application(...providers: Type[]): Promise<{ explorer: DurableExplorer; targets: Targets }> {
  const module = await Test.createTestingModule({
    imports: [DiscoveryModule],
    providers: [
      ...providers,
      { provide: DURABLE_OPTIONS, useValue: { worker: undefined } },
      MetadataAccessor,
      DurableExplorer,
      HandlerRegistry,
      Targets,
    ],
  }).compile();
  return { explorer: module.get(DurableExplorer), targets: module.get(Targets) };
}

describe('handlers', () => {
  it('of an object are exclusive, or shared; those of a service are neither', async () => {
    const { explorer } = await application(Warehouse, Orders);
    const found = explorer
      .exploreServices()
      .flatMap(({ name, handlers }) => handlers.map(handler => `${name}.${handler.name} ${handler.kind}`));
    expect(found.sort()).toEqual([
      'Orders.place service',
      'warehouse.available shared',
      'warehouse.inherited exclusive',
      'warehouse.peek shared',
      'warehouse.take exclusive',
    ]);
  });

  it('are addressed as what they are', async () => {
    const { targets } = await application();
    expect(targets.find(Warehouse, 'reserve')).toEqual({
      service: 'warehouse',
      handler: 'take',
      kind: 'exclusive',
    });
    expect(targets.find(Warehouse, 'available').kind).toBe('shared');
    expect(targets.find(Orders, 'place')).toEqual({ service: 'Orders', handler: 'place', kind: 'service' });
    expect(targets.service(Warehouse)).toEqual({ name: 'warehouse', isObject: true });
    expect(targets.service(Orders)).toEqual({ name: 'Orders', isObject: false });
    expect(() => targets.find(Warehouse, 'plain')).toThrow(NotAHandlerError);
  });

  it('cannot be shared in a plain service: it does not start', async () => {
    const { explorer } = await application(SharesNothing);
    expect(() => explorer.exploreServices()).toThrow(InvalidDecoratorError);
    expect(() => explorer.exploreServices()).toThrow(/@Shared\(\) on SharesNothing\.peek.*no @VirtualObject/);
  });

  it('cannot be shared in a class that is no service', async () => {
    const { explorer } = await application(Base);
    expect(() => explorer.exploreServices()).toThrow(/@Shared\(\) on Base\.peek/);
  });

  it('cannot be both', () => {
    const both = (first: () => MethodDecorator, second: () => MethodDecorator) => () => {
      class Both {
        async method(): Promise<void> {}
      }
      const property = Object.getOwnPropertyDescriptor(Both.prototype, 'method') as PropertyDescriptor;
      first()(Both.prototype, 'method', property);
      second()(Both.prototype, 'method', property);
    };
    expect(both(Handler, Shared)).toThrow(/@Shared\(\) on Both\.method: it is both/);
    expect(both(Shared, Handler)).toThrow(/@Handler\(\) on Both\.method: it is both/);
    expect(both(Handler, Handler)).not.toThrow();
  });

  it('are methods, shared or not', () => {
    expect(() => Shared()(Base, 'name', { value: 1 })).toThrow(InvalidDecoratorError);
    expect(() => Shared({ name: 'a b' })(Base.prototype, 'peek', { value: () => 1 })).toThrow(
      InvalidNameError,
    );
  });
});

describe('an object', () => {
  it('has a plain name', () => {
    expect(() => VirtualObject({ name: 'a b' })).toThrow(InvalidNameError);
    expect(() => VirtualObject({ nme: 'a' } as never)).toThrow(
      /@VirtualObject\(\): nme.*did you mean "name"/,
    );
  });
});

describe('the registry', () => {
  it('gives the same list of services until one is added', () => {
    const registry = new HandlerRegistry();
    registry.add({ name: 'a', type: Orders, handlers: new Map(), subscriptions: [] });
    const { services } = registry;
    expect([services, registry.services === services]).toEqual([['a'], true]);
    registry.add({ name: 'b', type: Warehouse, handlers: new Map(), subscriptions: [] });
    expect([registry.services, registry.serviceOf(Warehouse)?.name]).toEqual([['a', 'b'], 'b']);
    expect(registry.serviceOf(Base)).toBeUndefined();
  });
});
