import {
  BadRequestException,
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  Inject,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  Scope,
  type Type,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, APP_PIPE, REQUEST } from '@nestjs/core';
import type { Observable } from 'rxjs';
import {
  DurableExecutionContext,
  DurableService,
  Handler,
  type InvocationView,
  Step,
  UnusableEnhancerError,
} from '../../lib/index.js';
import { Applications } from '../support/applications.js';
import { Recorder } from '../support/recorder.js';

const ONCE = { retry: { maxAttempts: 1 } };
const QUICK = { retry: { maxAttempts: 2, initialDelay: 0 } };

let made = 0;

@Injectable({ scope: Scope.REQUEST })
class PerAttempt {
  readonly number = ++made;
  constructor(@Inject(REQUEST) readonly invocation: InvocationView) {}
}

/** Says what it sees, and refuses who is called `stranger`. Needs what it is given. */
abstract class Sentry implements CanActivate {
  abstract readonly recorder: Recorder;
  abstract readonly name: string;
  canActivate(context: ExecutionContext): boolean {
    const durable = DurableExecutionContext.create(context);
    this.recorder.note(`${this.name} at ${durable.step ? `step ${durable.step.name}` : 'handler'}`);
    return durable.getArgs()[0] !== 'stranger';
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestGuard extends Sentry {
  readonly name = 'request guard';
  constructor(
    readonly recorder: Recorder,
    readonly perAttempt: PerAttempt,
  ) {
    super();
  }
  override canActivate(context: ExecutionContext): boolean {
    this.recorder.note(`guard sees ${this.perAttempt.number} of ${this.perAttempt.invocation.id}`);
    return super.canActivate(context);
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class TransientGuard extends Sentry {
  readonly name = 'transient guard';
  constructor(readonly recorder: Recorder) {
    super();
  }
}

@Injectable()
class SingletonGuard extends Sentry {
  readonly name = 'singleton guard';
  constructor(readonly recorder: Recorder) {
    super();
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestInterceptor implements NestInterceptor {
  constructor(private readonly recorder: Recorder) {}
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.recorder.note(`interceptor at ${DurableExecutionContext.create(context).step?.name ?? 'handler'}`);
    return next.handle();
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestPipe implements PipeTransform {
  constructor(private readonly perAttempt: PerAttempt) {}
  transform(value: unknown): unknown {
    if (value === 'bad') throw new BadRequestException('bad');
    return `${String(value)} of ${this.perAttempt.invocation.service}`;
  }
}

@Catch()
@Injectable({ scope: Scope.REQUEST })
class RequestFilter implements ExceptionFilter {
  catch(): string {
    return 'caught';
  }
}

let applications: Applications;
beforeAll(async () => (applications = await Applications.open()));
afterAll(() => applications.close());

async function refusal(...providers: Type[]): Promise<UnusableEnhancerError> {
  return refused({ providers: [Recorder, PerAttempt, ...providers] });
}

async function refused(definition: Parameters<Applications['start']>[0]): Promise<UnusableEnhancerError> {
  const error: unknown = await applications.start(definition).then(
    running => running.close().then(() => 'it started'),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UnusableEnhancerError);
  return error as UnusableEnhancerError;
}

describe('a request-scoped enhancer on a handler', () => {
  @DurableService({ name: 'guarded' })
  class Guarded {
    private attempts = 0;
    constructor(
      private readonly recorder: Recorder,
      private readonly perAttempt: PerAttempt,
    ) {}
    @Handler(QUICK)
    @UseGuards(RequestGuard)
    async run(_who: string): Promise<string> {
      this.recorder.note(`handler sees ${this.perAttempt.number} of ${this.perAttempt.invocation.id}`);
      return 'welcome';
    }
    @Handler(QUICK)
    @UseGuards(RequestGuard)
    async twice(): Promise<void> {
      if (this.recorder.count('request guard at handler') < 2) throw new Error(`again ${++this.attempts}`);
    }
    @Handler(ONCE)
    @UsePipes(RequestPipe)
    async piped(text: string): Promise<string> {
      return text;
    }
    @Handler(ONCE)
    @UseFilters(RequestFilter)
    async filtered(): Promise<string> {
      throw new Error('no');
    }
  }

  it('is made for the attempt, of the same providers as the handler', async () => {
    const { client, app, close } = await applications.start({ providers: [Recorder, PerAttempt, Guarded] });
    const recorder = app.get(Recorder);
    const { id, result } = await client.send(Guarded).run('friend');
    expect(await result()).toBe('welcome');
    const [guard, , handler] = recorder.take();
    expect(guard).toMatch(new RegExp(`^guard sees \\d+ of ${id}$`));
    expect(handler).toBe(guard?.replace('guard', 'handler'));
    await expect(client.call(Guarded).run('stranger')).rejects.toThrow(ForbiddenException);
    recorder.take();
    await client.call(Guarded).twice();
    const seen = recorder.take().filter(event => event.startsWith('guard sees'));
    expect(new Set(seen).size).toBe(2);
    expect(await client.call(Guarded).filtered()).toBe('caught');
    await close();
  });

  it('is not run at send, where there is no attempt: its refusal is the outcome', async () => {
    const { client, close } = await applications.start({ providers: [Recorder, PerAttempt, Guarded] });
    const handle = await client.send(Guarded).piped('bad');
    await expect(handle.result()).rejects.toThrow(BadRequestException);
    expect(await client.call(Guarded).piped('good')).toBe('good of guarded');
    await close();
  });

  it('applies under whatever token the service is provided', async () => {
    const providers = [Recorder, PerAttempt, { provide: 'GUARDED', useClass: Guarded }];
    const { client, app, close } = await applications.start({ providers });
    await expect(client.call(Guarded).run('stranger')).rejects.toThrow(ForbiddenException);
    expect(app.get(Recorder).count('request guard at handler')).toBe(1);
    await close();
  });
});

describe('a transient enhancer on a handler', () => {
  @DurableService()
  class Guarded {
    @Handler(ONCE)
    @UseGuards(TransientGuard)
    async run(_who: string): Promise<string> {
      return 'welcome';
    }
  }

  it('applies', async () => {
    const { client, app, close } = await applications.start({ providers: [Recorder, Guarded] });
    expect(await client.call(Guarded).run('friend')).toBe('welcome');
    await expect(client.call(Guarded).run('stranger')).rejects.toThrow(ForbiddenException);
    expect(app.get(Recorder).count('transient guard at handler')).toBe(2);
    await close();
  });
});

describe('a scoped enhancer of the whole application', () => {
  @Injectable()
  class Gateway {
    @Step()
    async charge(who: string): Promise<string> {
      return `charged ${who}`;
    }
  }
  @DurableService()
  class Shop {
    constructor(private readonly gateway: Gateway) {}
    @Handler(ONCE)
    async buy(who: string): Promise<string[]> {
      return [await this.gateway.charge(who), await this.own(who)];
    }
    @Step()
    protected async own(who: string): Promise<string> {
      return `own ${who}`;
    }
  }

  it.each([
    ['request-scoped', RequestGuard, 'request guard at handler'],
    ['transient', TransientGuard, 'transient guard at handler'],
  ])('applies to handlers, and not to their steps: %s guard', async (_scope, useClass, event) => {
    const providers = [Recorder, PerAttempt, Gateway, Shop, { provide: APP_GUARD, useClass }];
    const { client, app, close } = await applications.start({ providers });
    expect(await client.call(Shop).buy('friend')).toEqual(['charged friend', 'own friend']);
    await expect(client.call(Shop).buy('stranger')).rejects.toThrow(ForbiddenException);
    const guards = app
      .get(Recorder)
      .take()
      .filter(one => one.includes('guard at'));
    expect(guards).toEqual([event, event]);
    await close();
  });

  it('applies to handlers, and not to their steps: interceptor and pipe', async () => {
    const { client, app, close } = await applications.start({
      providers: [
        Recorder,
        PerAttempt,
        Gateway,
        Shop,
        { provide: APP_INTERCEPTOR, useClass: RequestInterceptor },
        { provide: APP_PIPE, useClass: RequestPipe },
      ],
    });
    expect(await client.call(Shop).buy('friend')).toEqual(['charged friend of Shop', 'own friend of Shop']);
    expect(app.get(Recorder).take()).toEqual(['interceptor at handler']);
    await close();
  });

  it('is an error at boot where it cannot reach a handler', async () => {
    const error = await refused({
      providers: [
        Recorder,
        PerAttempt,
        { provide: 'SHOP', useFactory: () => new Shop(new Gateway()) },
        { provide: APP_GUARD, useClass: RequestGuard },
      ],
    });
    expect(error).toMatchObject({ code: 'DURABLE_UNUSABLE_ENHANCER', method: 'Shop.buy' });
    expect(error.message).toContain('provide Shop');
  });
});

describe('an enhancer that cannot work on a step', () => {
  @Injectable()
  class RequestGuarded {
    @Step()
    @UseGuards(RequestGuard)
    async charge(): Promise<void> {}
  }
  @Injectable()
  @UseGuards(RequestGuard)
  class RequestGuardedClass {
    @Step()
    async charge(): Promise<void> {}
  }
  @Injectable()
  class TransientGuarded {
    @UseGuards(TransientGuard)
    @Step()
    async charge(): Promise<void> {}
  }
  @Injectable()
  class Intercepted {
    @Step()
    @UseInterceptors(RequestInterceptor)
    async charge(): Promise<void> {}
  }
  @Injectable()
  class Piped {
    @Step()
    @UsePipes(RequestPipe)
    async charge(_text: string): Promise<void> {}
  }
  @Injectable()
  class Filtered {
    @Step()
    @UseFilters(RequestFilter)
    async charge(): Promise<void> {}
  }

  it.each([
    [RequestGuarded, 'RequestGuard'],
    [RequestGuardedClass, 'RequestGuard'],
    [TransientGuarded, 'TransientGuard'],
    [Intercepted, 'RequestInterceptor'],
    [Piped, 'RequestPipe'],
    [Filtered, 'RequestFilter'],
  ])('is an error at boot if it is request-scoped or transient: %p', async (type, enhancer) => {
    const error = await refusal(type);
    expect(error).toMatchObject({
      code: 'DURABLE_UNUSABLE_ENHANCER',
      enhancer,
      method: `${type.name}.charge`,
    });
    expect(error.message).toMatch(/singleton/);
  });

  it('is no error on another method of the class', async () => {
    @Injectable()
    class Other {
      @Step()
      async charge(): Promise<void> {}
      @UseGuards(RequestGuard)
      async list(): Promise<void> {}
    }
    const { close } = await applications.start({ providers: [Recorder, PerAttempt, Other] });
    await close();
  });
});

describe('an enhancer that Nest cannot find', () => {
  class Gateway {
    @Step(ONCE)
    @UseGuards(SingletonGuard)
    async charge(_who: string): Promise<string> {
      return 'charged';
    }
  }
  class Shop {
    @Handler(ONCE)
    @UseGuards(SingletonGuard)
    async buy(): Promise<void> {}
  }
  DurableService()(Shop);

  it.each([
    ['of a handler', { provide: Shop, useFactory: () => new Shop() }, 'Shop.buy'],
    ['of a handler', { provide: Shop, useValue: new Shop() }, 'Shop.buy'],
    ['of a step', { provide: Gateway, useFactory: () => new Gateway() }, 'Gateway.charge'],
    ['of a step', { provide: Gateway, useValue: new Gateway() }, 'Gateway.charge'],
  ])('is an error at boot: %s', async (_of, provider, method) => {
    const error = await refused({ providers: [Recorder, provider] });
    expect(error).toMatchObject({ code: 'DURABLE_UNUSABLE_ENHANCER', enhancer: 'SingletonGuard', method });
  });

  it('may be given as an instance instead', async () => {
    const recorder = new Recorder();
    class Guarded {
      @Handler(ONCE)
      @UseGuards(new SingletonGuard(recorder))
      async buy(_who: string): Promise<string> {
        return 'bought';
      }
    }
    DurableService()(Guarded);
    const { client, close } = await applications.start({
      providers: [{ provide: Guarded, useFactory: () => new Guarded() }],
    });
    expect(await client.call(Guarded).buy('friend')).toBe('bought');
    await expect(client.call(Guarded).buy('stranger')).rejects.toThrow(ForbiddenException);
    await close();
  });

  it('fails the step of an object that Nest did not make', async () => {
    @DurableService()
    class Handmade {
      @Handler()
      async buy(): Promise<string> {
        return new Gateway().charge('friend');
      }
    }
    const { client, close } = await applications.start({ providers: [Handmade] });
    await expect(client.call(Handmade).buy()).rejects.toMatchObject({
      code: 'DURABLE_UNUSABLE_ENHANCER',
      method: 'Gateway.charge',
    });
    await close();
  });
});
