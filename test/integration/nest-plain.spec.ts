import { Injectable } from '@nestjs/common';
import {
  DurableContext,
  DurableService,
  Handler,
  InvalidNameError,
  InvalidOptionError,
  NoInvocationError,
  Step,
} from '../../lib/index.js';
import { Applications, type Running } from '../support/applications.js';

@Injectable()
class Gateway {
  calls = 0;
  constructor(private readonly fee: number) {}

  @Step({ timeout: '1s' })
  async charge(amount: number): Promise<number> {
    this.calls++;
    return amount + this.fee;
  }

  @Step()
  async chargeTwice(amount: number): Promise<number> {
    return this.charge(await this.charge(amount));
  }
}

@DurableService()
class Shop {
  private readonly events: string[] = [];

  constructor(
    private readonly gateway: Gateway,
    private readonly durable: DurableContext,
  ) {}

  @Handler()
  async buy(amount: number): Promise<number> {
    const paid = await this.gateway.charge(amount);
    return this.durable.run('receipt', () => paid * 10);
  }

  @Handler()
  async nested(amount: number): Promise<number> {
    return this.gateway.chargeTwice(amount);
  }

  @Handler()
  async nestedInline(): Promise<unknown[]> {
    return this.durable.run('outer', async () => [
      await this.durable.run('inner', () => this.durable.step?.name),
      await this.gateway.charge(1),
    ]);
  }

  @Handler()
  async direct(amount: number): Promise<number> {
    return this.buy(amount);
  }

  @Handler()
  async whoAmI(): Promise<unknown[]> {
    const { isActive, invocation, attempt, isReplaying, step, abortSignal: signal } = this.durable;
    const inStep = await this.durable.run('look', () => this.durable.step?.attempt);
    return [isActive, invocation.id, invocation.service, attempt, isReplaying, step, signal.aborted, inStep];
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async badName(): Promise<void> {
    await this.durable.run('', () => this.events.push('ran'));
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async badOption(): Promise<void> {
    await this.durable.run('x', () => this.events.push('ran'), { timeout: 'soon' as never });
  }

  seen(): string[] {
    return this.events;
  }
}

describe('without Nest and outside an invocation', () => {
  const durable = new DurableContext();
  const shop = new Shop(new Gateway(1), durable);

  it('a class is what it looks like: its methods run as they are written', async () => {
    expect(await shop.buy(4)).toBe(50);
    expect(() => {
      class Throwing {
        // @ts-expect-error a step gives a promise; one of untyped code throws at once all the same
        @Step()
        now(): void {
          throw new RangeError('no');
        }
      }
      new Throwing().now();
    }).toThrow(RangeError);
  });

  it('a method keeps its name and length, and an object has no more than its fields', () => {
    expect(Reflect.get(Gateway.prototype, 'charge')).toHaveProperty('name', 'charge');
    expect(Reflect.get(Gateway.prototype, 'charge')).toHaveLength(1);
    expect(Object.keys(new Gateway(1))).toEqual(['fee', 'calls']);
  });

  it('DurableContext.run just runs its function', async () => {
    expect(await durable.run('x', () => 1)).toBe(1);
    expect(await durable.run('x', async () => 2)).toBe(2);
    await expect(
      durable.run('x', () => {
        throw new RangeError('no');
      }),
    ).rejects.toThrow(RangeError);
  });

  it('DurableContext.run refuses what it would refuse within an invocation', () => {
    expect(() => durable.run('', () => 1)).toThrow(InvalidNameError);
    expect(() => durable.run('x', () => 1, { retries: 3 } as never)).toThrow(InvalidOptionError);
  });

  it('DurableContext says that there is no invocation', () => {
    expect(durable.isActive).toBe(false);
    expect(durable.step).toBeUndefined();
    expect(durable.abortSignal.aborted).toBe(false);
    for (const property of ['invocation', 'attempt', 'isReplaying'] as const) {
      expect(() => durable[property]).toThrow(NoInvocationError);
    }
  });
});

describe('within an invocation', () => {
  let applications: Applications;
  let running: Running;
  beforeAll(async () => {
    applications = await Applications.open();
    running = await applications.start({
      providers: [Shop, { provide: Gateway, useFactory: () => new Gateway(1) }],
    });
  });
  afterAll(() => applications.close());

  async function journalOf(id: string): Promise<string[]> {
    return (await running.client.journal(id)).map(({ name }) => name);
  }

  it('a step in a step is a plain call: the outer one is recorded, alone', async () => {
    const { id, result } = await running.client.send(Shop).nested(1);
    expect(await result()).toBe(3);
    expect(await journalOf(id)).toEqual(['Gateway.chargeTwice']);
    const inline = await running.client.send(Shop).nestedInline();
    expect(await inline.result()).toEqual(['outer', 2]);
    expect(await journalOf(inline.id)).toEqual(['outer']);
  });

  it('a handler that is called as a method is a plain call: its steps are recorded for the caller', async () => {
    const { id, result } = await running.client.send(Shop).direct(4);
    expect(await result()).toBe(50);
    expect(await journalOf(id)).toEqual(['Gateway.charge', 'receipt']);
    expect(await running.rows()).toMatchObject({ invocations: 3 });
  });

  it('a handler called as a method outside of one is a plain call: nothing is written', async () => {
    const before = await running.rows();
    expect(await running.app.get(Shop).buy(4)).toBe(50);
    expect(await running.rows()).toEqual(before);
  });

  it('DurableContext knows the invocation, the attempt and the step', async () => {
    const { id, result } = await running.client.send(Shop).whoAmI();
    expect(await result()).toEqual([true, id, 'Shop', 1, false, undefined, false, 1]);
  });

  it.each([
    ['badName', InvalidNameError],
    ['badOption', InvalidOptionError],
  ] as const)('DurableContext.run refuses %s before anything runs', async (method, expected) => {
    const { id, result, status } = await running.client.send(Shop)[method]();
    await expect(result()).rejects.toThrow(expected);
    expect(await status()).toMatchObject({ status: 'failed' });
    expect(await journalOf(id)).toEqual([]);
    expect(running.app.get(Shop).seen()).toEqual([]);
  });
});
