import { AsyncLocalStorage } from 'node:async_hooks';
import { Inject, Injectable, Scope } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { of, from } from 'rxjs';
import { DurableContext, DurableService, Handler, type InvocationView, Step } from '../../lib/index.js';
import { Applications, type Running } from '../support/applications.js';
import { Recorder } from '../support/recorder.js';

const QUICK = { retry: { maxAttempts: 3, initialDelay: 0 } };

let made = 0;

@Injectable({ scope: Scope.REQUEST })
class PerAttempt {
  readonly number = ++made;
  constructor(@Inject(REQUEST) readonly invocation: InvocationView) {}
}

@Injectable({ scope: Scope.TRANSIENT })
class TransientGateway {
  readonly number = ++made;
  constructor(private readonly recorder: Recorder) {}
  @Step()
  async charge(): Promise<number> {
    this.recorder.note('transient step');
    return this.number;
  }
}

@Injectable()
class SingletonGateway {
  constructor(private readonly recorder: Recorder) {}
  @Step()
  async charge(): Promise<string> {
    this.recorder.note('singleton step');
    return 'singleton';
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestGateway {
  constructor(
    private readonly perAttempt: PerAttempt,
    private readonly recorder: Recorder,
  ) {}
  @Step()
  async charge(): Promise<number> {
    this.recorder.note('request step');
    return this.perAttempt.number;
  }
}

abstract class Sender<T> {
  protected abstract readonly channel: string;
  abstract readonly recorder: Recorder;

  @Handler(QUICK)
  async send(message: T): Promise<string> {
    const sent = await this.transmit(message);
    if (this.recorder.count('attempt') < 1) {
      this.recorder.note('attempt');
      throw new Error('again');
    }
    return sent;
  }

  @Step()
  protected async transmit(message: T): Promise<string> {
    this.recorder.note(`sent by ${this.channel}`);
    return `${String(message)} by ${this.channel}`;
  }
}

@DurableService()
class MailSender extends Sender<string> {
  protected readonly channel = 'mail';
  constructor(readonly recorder: Recorder) {
    super();
  }
}

@DurableService()
class SmsSender extends Sender<number> {
  protected readonly channel = 'sms';
  constructor(readonly recorder: Recorder) {
    super();
  }
  @Step()
  protected override async transmit(message: number): Promise<string> {
    return `${await super.transmit(message)}!`;
  }
}

class FactoryGateway {
  constructor(
    private readonly recorder: Recorder,
    private readonly url: string,
  ) {}
  @Step()
  async charge(): Promise<string> {
    this.recorder.note('factory step');
    return this.url;
  }
}

/** Runs once more after its steps, so that they are replayed. */
abstract class Twice {
  constructor(protected readonly recorder: Recorder) {}
  protected again(id: string): void {
    if (this.recorder.count(`through ${id}`) > 0) return;
    this.recorder.note(`through ${id}`);
    throw new Error('again');
  }
}

@DurableService()
class Shop extends Twice {
  constructor(
    recorder: Recorder,
    private readonly singleton: SingletonGateway,
    private readonly transient: TransientGateway,
    private readonly factory: FactoryGateway,
    private readonly durable: DurableContext,
  ) {
    super(recorder);
  }

  @Handler(QUICK)
  async buy(): Promise<unknown[]> {
    const results = [
      await this.singleton.charge(),
      await this.transient.charge(),
      await this.factory.charge(),
      await this.own(),
      await this.durable.run('inline', () => this.inline()),
    ];
    this.again(this.durable.invocation.id);
    return results;
  }

  @Step()
  protected async own(): Promise<string> {
    this.recorder.note('own step');
    return 'own';
  }

  private inline(): string {
    this.recorder.note('inline step');
    return 'inline';
  }

  @Handler()
  observable(): unknown {
    return from([1, 2, 3]);
  }

  @Handler()
  async observableStep(): Promise<unknown> {
    return this.later();
  }

  @Step()
  async later(): Promise<unknown> {
    return of('later');
  }
}

class FactoryShop {
  constructor(private readonly recorder: Recorder) {}
  @Handler()
  async greet(name: string): Promise<string> {
    this.recorder.note('greeted');
    return `hello ${name}`;
  }
}
DurableService({ name: 'factory-shop' })(FactoryShop);

class ValueShop {
  constructor(private readonly greeting: string) {}
  @Handler()
  async greet(name: string): Promise<string> {
    return `${this.greeting} ${name}`;
  }
}
DurableService({ name: 'value-shop' })(ValueShop);

@DurableService({ scope: Scope.REQUEST })
class RequestShop extends Twice {
  readonly number = ++made;
  constructor(
    recorder: Recorder,
    private readonly perAttempt: PerAttempt,
    private readonly gateway: RequestGateway,
    private readonly durable: DurableContext,
  ) {
    super(recorder);
  }

  @Handler(QUICK)
  async buy(): Promise<{ handler: number; step: number; own: number; id: string }> {
    this.recorder.note(`instance ${this.number}`);
    const step = await this.gateway.charge();
    this.recorder.note(`shared ${step === this.perAttempt.number}`);
    const own = await this.own();
    this.again(this.durable.invocation.id);
    return { handler: this.perAttempt.number, step, own, id: this.perAttempt.invocation.id };
  }

  @Step()
  protected async own(): Promise<number> {
    return this.perAttempt.number;
  }
}

@DurableService({ scope: Scope.TRANSIENT })
class TransientShop {
  readonly number = ++made;
  constructor(private readonly transient: TransientGateway) {}
  @Handler()
  async buy(): Promise<number[]> {
    return [this.number, await this.transient.charge()];
  }
}

const tenants = new AsyncLocalStorage<string>();

@DurableService()
class TenantShop extends Twice {
  constructor(
    recorder: Recorder,
    private readonly durable: DurableContext,
    private readonly singleton: SingletonGateway,
  ) {
    super(recorder);
  }

  @Handler(QUICK)
  async inherited(): Promise<string> {
    return tenants.getStore() ?? 'none';
  }

  @Handler(QUICK)
  async buy(tenant: string): Promise<(string | undefined)[]> {
    const { id } = this.durable.invocation;
    return tenants.run(tenant, async () => {
      const recorded = this.durable.run('recorded', () => tenants.getStore());
      // Called while the replay still has something to give, so that it starts later, from the deliverer.
      const deferred =
        this.recorder.count(`through ${id}`) > 0
          ? this.durable.run('deferred', () => `deferred ${tenants.getStore()}`)
          : undefined;
      const first = await recorded;
      this.again(id);
      const last = await this.durable.run('last', async () => {
        await this.singleton.charge();
        return tenants.getStore();
      });
      return [first, await deferred, last, tenants.getStore()];
    });
  }
}

let applications: Applications;
let running: Running;
let recorder: Recorder;

beforeAll(async () => {
  applications = await Applications.open();
  running = await applications.start({
    providers: [
      Recorder,
      PerAttempt,
      SingletonGateway,
      TransientGateway,
      RequestGateway,
      {
        provide: FactoryGateway,
        inject: [Recorder],
        useFactory: async (recorder: Recorder) => new FactoryGateway(recorder, 'https://pay'),
      },
      Shop,
      RequestShop,
      TransientShop,
      TenantShop,
      MailSender,
      SmsSender,
      {
        provide: FactoryShop,
        inject: [Recorder],
        useFactory: (recorder: Recorder) => new FactoryShop(recorder),
      },
      { provide: 'SHOP', useValue: new ValueShop('good day') },
    ],
  });
  recorder = running.app.get(Recorder);
});
beforeEach(() => recorder.take());
afterAll(() => applications.close());

describe('steps of every kind of provider', () => {
  it('are recorded: singleton, transient, made by a factory, of this, inline', async () => {
    const { id, result } = await running.client.send(Shop).buy();
    const results = await result();
    expect(results).toEqual(['singleton', expect.any(Number), 'https://pay', 'own', 'inline']);
    expect(recorder.take().filter(event => event.endsWith('step'))).toEqual([
      'singleton step',
      'transient step',
      'factory step',
      'own step',
      'inline step',
    ]);
    const journal = await running.client.journal(id);
    expect(journal.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual([
      'SingletonGateway.charge ok',
      'TransientGateway.charge ok',
      'FactoryGateway.charge ok',
      'Shop.own ok',
      'inline ok',
    ]);
  });

  it('are inherited together with handlers from an abstract class', async () => {
    const { client } = running;
    expect(await client.call(MailSender).send('hello')).toBe('hello by mail');
    expect(recorder.count('sent by mail')).toBe(1);
    const { id, result } = await client.send(SmsSender).send(7);
    expect(await result()).toBe('7 by sms!');
    expect((await client.journal(id)).map(({ name }) => name)).toEqual(['SmsSender.transmit']);
  });

  it('may give an observable, as handlers may: its last value is the result', async () => {
    expect(await running.client.call(Shop).observable()).toBe(3);
    expect(await running.client.call(Shop).observableStep()).toBe('later');
  });
});

describe('durable services of every kind of provider', () => {
  it('have one instance per attempt if they are request-scoped, and so has all that they are given', async () => {
    const { id, result } = await running.client.send(RequestShop).buy();
    const outcome = await result();
    const events = recorder.take();
    const instances = events.filter(event => event.startsWith('instance'));
    expect(new Set(instances).size).toBe(2);
    // Live, handler and step see one provider; on replay the step's is the recorded one.
    expect(events.filter(event => event.startsWith('shared'))).toEqual(['shared true', 'shared false']);
    expect(outcome.own).toBe(outcome.step);
    expect(outcome.handler).not.toBe(outcome.step);
    expect(outcome.id).toBe(id);
    expect(events.filter(event => event === 'request step')).toHaveLength(1);
  });

  it('share nothing between invocations if they are request-scoped or transient', async () => {
    const { client } = running;
    const [one, other] = await Promise.all([client.call(RequestShop).buy(), client.call(RequestShop).buy()]);
    expect(one.handler).not.toBe(other.handler);
    const [first, second] = [await client.call(TransientShop).buy(), await client.call(TransientShop).buy()];
    expect(new Set([...first, ...second]).size).toBe(4);
  });

  it('may be made by a factory, or be a value', async () => {
    expect(await running.client.call(FactoryShop).greet('you')).toBe('hello you');
    expect(await running.client.call(ValueShop).greet('you')).toBe('good day you');
  });
});

describe('async storage of the application', () => {
  it('reaches steps, also those that start when a replay is through', async () => {
    expect(await running.client.call(TenantShop).buy('acme')).toEqual([
      'acme',
      'deferred acme',
      'acme',
      'acme',
    ]);
  });

  it('is not inherited by an invocation from whoever sent it: elsewhere it would not be there', async () => {
    const inherited = await tenants.run('caller', () => running.client.call(TenantShop).inherited());
    expect(inherited).toBe('none');
  });
});

describe('two applications in one process', () => {
  it('do not see each other, though their classes are the same', async () => {
    const second = await applications.start({
      providers: [Recorder, MailSender],
      durable: { steps: { retry: { maxAttempts: 1 } } },
    });
    const theirs = second.app.get(Recorder);
    await Promise.all([
      running.client.call(MailSender).send('first'),
      second.client.call(MailSender).send('second'),
    ]);
    for (const one of [recorder, theirs]) expect(one.count('sent by mail')).toBe(1);
    expect(await second.rows()).toEqual({ invocations: 1, entries: 1 });
    const { items } = await second.client.list();
    await expect(running.client.get(items[0]?.id ?? '').status()).rejects.toMatchObject({
      code: 'DURABLE_INVOCATION_NOT_FOUND',
    });
    await second.close();
    expect(await running.client.call(MailSender).send('still here')).toBe('still here by mail');
  });
});
