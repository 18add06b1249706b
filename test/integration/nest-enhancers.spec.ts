import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  Injectable,
  type NestInterceptor,
  type PipeTransform,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  mixin,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { map, type Observable, tap, throwError } from 'rxjs';
import {
  DURABLE_CONTEXT_TYPE,
  DurableExecutionContext,
  DurableService,
  Handler,
  Step,
  TerminalError,
} from '../../lib/index.js';
import { Applications, type Running } from '../support/applications.js';
import { Recorder } from '../support/recorder.js';

/** `handler` or `step charge`, as an enhancer sees it. */
function seenBy(context: ExecutionContext | ArgumentsHost): string {
  const { step } = DurableExecutionContext.create(context);
  return step ? `step ${step.name}` : 'handler';
}

function guard(name: string): Type<CanActivate> {
  @Injectable()
  class NamedGuard implements CanActivate {
    constructor(private readonly recorder: Recorder) {}
    canActivate(context: ExecutionContext): boolean {
      this.recorder.note(`guard ${name}: ${context.getType<string>()} ${seenBy(context)}`);
      return true;
    }
  }
  return mixin(NamedGuard);
}

function interceptor(name: string): Type<NestInterceptor> {
  @Injectable()
  class NamedInterceptor implements NestInterceptor {
    constructor(private readonly recorder: Recorder) {}
    intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
      this.recorder.note(`before ${name}: ${seenBy(context)}`);
      return next.handle().pipe(tap(() => this.recorder.note(`after ${name}: ${seenBy(context)}`)));
    }
  }
  return mixin(NamedInterceptor);
}

@Injectable()
class Trimming implements PipeTransform {
  transform(value: unknown): unknown {
    return typeof value === 'string' ? value.trim() : value;
  }
}

class Busy extends Error {}
class Gone extends Error {}

@Catch(Gone)
class GoneFilter implements ExceptionFilter {
  catch(error: Gone, host: ArgumentsHost): string {
    return `${error.message} caught in a ${host.getType<string>()} ${seenBy(host)}`;
  }
}

@Catch(Busy)
class TerminalFilter implements ExceptionFilter {
  catch(error: Busy): never {
    throw new TerminalError('given up', { cause: error });
  }
}

@Catch(Busy)
class ObservableFilter implements ExceptionFilter {
  catch(error: Busy): Observable<never> {
    return throwError(() => new TerminalError('given up', { cause: error }));
  }
}

@Catch()
class ReportingFilter implements ExceptionFilter {
  constructor(private readonly recorder: Recorder) {}
  async catch(error: Error): Promise<void> {
    this.recorder.note(`reported ${error.message}`);
  }
}

@Injectable()
class Refusing implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const [who] = DurableExecutionContext.create(context).getArgs<[string]>();
    return who !== 'stranger';
  }
}

const ONCE = { retry: { maxAttempts: 1 } };
const QUICK = { retry: { maxAttempts: 3, initialDelay: 0 } };

@Injectable()
@UseGuards(guard('class'))
@UseInterceptors(interceptor('class'))
class Gateway {
  constructor(private readonly recorder: Recorder) {}

  @UseInterceptors(interceptor('method'))
  @UseGuards(guard('method'))
  @UsePipes(Trimming)
  @Step()
  async above(text: string): Promise<string> {
    this.recorder.note(`body above ${text}`);
    return text;
  }

  @Step()
  @UseInterceptors(interceptor('method'))
  @UseGuards(guard('method'))
  @UsePipes(Trimming)
  async below(text: string): Promise<string> {
    this.recorder.note(`body below ${text}`);
    return text;
  }

  @Step(ONCE)
  @UseGuards(Refusing)
  async guarded(who: string): Promise<string> {
    return `welcome ${who}`;
  }

  @Step(ONCE)
  @UseFilters(GoneFilter)
  async filtered(): Promise<string> {
    throw new Gone('gone');
  }

  private flakyTries = 0;

  @Step({ ...QUICK, name: 'flaky' })
  async flaky(): Promise<number> {
    if (++this.flakyTries < 3) throw new Busy('busy');
    return this.flakyTries;
  }
}

@DurableService()
@UseGuards(guard('class'))
@UseInterceptors(interceptor('class'))
class Orders {
  private attempts = 0;

  constructor(
    private readonly gateway: Gateway,
    private readonly recorder: Recorder,
  ) {}

  @UseInterceptors(interceptor('method'))
  @UseGuards(guard('method'))
  @UsePipes(Trimming)
  @Handler()
  async above(text: string): Promise<string> {
    this.recorder.note(`body ${text}`);
    return text;
  }

  @Handler()
  @UseInterceptors(interceptor('method'))
  @UseGuards(guard('method'))
  @UsePipes(Trimming)
  async below(text: string): Promise<string> {
    this.recorder.note(`body ${text}`);
    return text;
  }

  @Handler(ONCE)
  async steps(): Promise<string[]> {
    return [await this.gateway.above(' a '), await this.gateway.below(' b ')];
  }

  @Handler(QUICK)
  async replayed(): Promise<string> {
    const text = await this.gateway.above('once');
    if (++this.attempts < 3) throw new Busy('not yet');
    return text;
  }

  @Handler(ONCE)
  async flakyStep(): Promise<number> {
    return this.gateway.flaky();
  }

  @Handler(QUICK)
  @UseGuards(Refusing)
  async guarded(who: string): Promise<string> {
    return `welcome ${who}`;
  }

  @Handler(ONCE)
  async guardedStep(who: string): Promise<string> {
    return this.gateway.guarded(who);
  }

  @Handler(ONCE)
  async filteredStep(): Promise<string> {
    return this.gateway.filtered();
  }

  @Handler(ONCE)
  @UseFilters(GoneFilter)
  async filtered(): Promise<string> {
    throw new Gone('gone');
  }

  @Handler(QUICK)
  @UseFilters(TerminalFilter)
  async translated(): Promise<string> {
    this.recorder.note('translated');
    throw new Busy('busy');
  }

  @Handler(QUICK)
  @UseFilters(ObservableFilter)
  async translatedLater(): Promise<string> {
    this.recorder.note('translated');
    throw new Busy('busy');
  }

  @Handler(ONCE)
  @UseFilters(ReportingFilter)
  async reported(): Promise<string> {
    throw new Gone('gone');
  }
}

/** An enhancer of every kind that writes down what it sees. */
@Injectable()
class Everywhere implements CanActivate, NestInterceptor, PipeTransform {
  constructor(private readonly recorder: Recorder) {}
  canActivate(context: ExecutionContext): boolean {
    this.recorder.note(`guard: ${context.getHandler().name} ${seenBy(context)}`);
    return true;
  }
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.recorder.note(`interceptor: ${context.getClass().name} ${seenBy(context)}`);
    return next.handle().pipe(map((value: unknown) => `<${String(value)}>`));
  }
  transform(value: unknown): unknown {
    return typeof value === 'string' ? `${value}!` : value;
  }
}

@Catch(Gone)
class EverywhereFilter implements ExceptionFilter {
  catch(error: Gone, host: ArgumentsHost): string {
    return `${error.message} in a ${seenBy(host)}`;
  }
}

@Injectable()
class PlainGateway {
  @Step({ name: 'plain' })
  async plain(text: string): Promise<string> {
    return text;
  }
  @Step({ ...ONCE, name: 'throwing' })
  async throwing(): Promise<string> {
    throw new Gone('gone');
  }
}

@DurableService()
class PlainOrders {
  constructor(private readonly gateway: PlainGateway) {}
  @Handler(ONCE)
  async run(text: string): Promise<string> {
    return this.gateway.plain(text);
  }
  @Handler(ONCE)
  async stepThrows(): Promise<string> {
    return this.gateway.throwing();
  }
  @Handler(ONCE)
  async throws(): Promise<string> {
    throw new Gone('gone');
  }
}

let applications: Applications;
beforeAll(async () => (applications = await Applications.open()));
afterAll(() => applications.close());

describe('enhancers that stand on handlers and steps', () => {
  let running: Running;
  let recorder: Recorder;
  beforeAll(async () => {
    running = await applications.start({ providers: [Orders, Gateway, Recorder] });
    recorder = running.app.get(Recorder);
  });
  beforeEach(() => recorder.take());

  it.each(['above', 'below'] as const)(
    'apply to a handler, class before method, wherever they stand: %s @Handler()',
    async method => {
      expect(await running.client.call(Orders)[method](' x ')).toBe('x');
      expect(recorder.take()).toEqual([
        'guard class: durable handler',
        'guard method: durable handler',
        'before class: handler',
        'before method: handler',
        'body x',
        'after method: handler',
        'after class: handler',
      ]);
    },
  );

  it.each(['above', 'below'] as const)(
    'apply to a step, class before method, wherever they stand: %s @Step()',
    async method => {
      await running.client.call(Orders).steps();
      const step = `step Gateway.${method}`;
      const events = recorder.take();
      const own = events.filter(
        event => event.includes(`Gateway.${method}`) || event.includes(`body ${method}`),
      );
      expect(own).toEqual([
        `guard class: durable ${step}`,
        `guard method: durable ${step}`,
        `before class: ${step}`,
        `before method: ${step}`,
        `body ${method} ${method === 'above' ? 'a' : 'b'}`,
        `after method: ${step}`,
        `after class: ${step}`,
      ]);
    },
  );

  it('apply to a handler on every attempt, and to a step not when it is replayed', async () => {
    expect(await running.client.call(Orders).replayed()).toBe('once');
    expect(recorder.count('guard class: durable handler')).toBe(3);
    expect(recorder.count('before class: handler')).toBe(3);
    expect(recorder.count('guard class: durable step Gateway.above')).toBe(1);
    expect(recorder.count('before method: step Gateway.above')).toBe(1);
    expect(recorder.count('body above once')).toBe(1);
  });

  it('apply to every try of a step', async () => {
    expect(await running.client.call(Orders).flakyStep()).toBe(3);
    expect(recorder.count('guard class: durable step flaky')).toBe(3);
  });

  it('refuse a handler by a guard, finally: nothing of it runs', async () => {
    const handle = await running.client.send(Orders).guarded('stranger');
    await expect(handle.result()).rejects.toThrow(ForbiddenException);
    expect(await handle.status()).toMatchObject({ status: 'failed', failedAttempts: 1 });
    expect(await running.client.call(Orders).guarded('friend')).toBe('welcome friend');
  });

  it('refuse a step by a guard', async () => {
    await expect(running.client.call(Orders).guardedStep('stranger')).rejects.toThrow(ForbiddenException);
    expect(await running.client.call(Orders).guardedStep('friend')).toBe('welcome friend');
  });

  it('turn an error into a result, by a filter', async () => {
    expect(await running.client.call(Orders).filtered()).toBe('gone caught in a durable handler');
    expect(await running.client.call(Orders).filteredStep()).toBe(
      'gone caught in a durable step Gateway.filtered',
    );
  });

  it.each(['translated', 'translatedLater'] as const)(
    'turn an error into a final one, by a filter that throws: %s',
    async method => {
      const sent = running.client.call(Orders)[method]();
      const error: unknown = await sent.catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TerminalError);
      expect(error).toMatchObject({ message: 'given up', cause: { message: 'busy' } });
      expect(recorder.count('translated')).toBe(1);
    },
  );

  it('leave an error as it is if the filter gives nothing, also when it is asynchronous', async () => {
    await expect(running.client.call(Orders).reported()).rejects.toThrow('gone');
    expect(recorder.count('reported gone')).toBe(1);
  });
});

describe('enhancers of the whole application', () => {
  const providers = [PlainOrders, PlainGateway, Recorder];

  async function check(running: Running): Promise<void> {
    const recorder = running.app.get(Recorder);
    // Each pipe adds a mark, each interceptor brackets: those of the handler and those of the step.
    expect(await running.client.call(PlainOrders).run('x')).toBe('<<x!!>>');
    expect(recorder.take()).toEqual([
      'guard: run handler',
      'interceptor: PlainOrders handler',
      'guard: plain step plain',
      'interceptor: PlainGateway step plain',
    ]);
    expect(await running.client.call(PlainOrders).throws()).toBe('gone in a handler');
    expect(await running.client.call(PlainOrders).stepThrows()).toBe('<gone in a step throwing>');
  }

  it('apply to handlers and steps when they are provided as APP_GUARD and the like', async () => {
    const running = await applications.start({
      providers: [
        ...providers,
        ...[APP_GUARD, APP_INTERCEPTOR, APP_PIPE].map(provide => ({ provide, useClass: Everywhere })),
        { provide: APP_FILTER, useClass: EverywhereFilter },
      ],
    });
    await check(running);
    await running.close();
  });

  it('apply to handlers and steps when the application uses them', async () => {
    const running = await applications.start({
      providers: [...providers, Everywhere],
      prepare: app => {
        const everywhere = app.get(Everywhere);
        app.useGlobalGuards(everywhere);
        app.useGlobalInterceptors(everywhere);
        app.useGlobalPipes(everywhere);
        app.useGlobalFilters(new EverywhereFilter());
      },
    });
    await check(running);
    await running.close();
  });
});

describe('the durable execution context', () => {
  interface Sight {
    readonly type: string;
    readonly id: string;
    readonly service: string;
    readonly handler: string;
    readonly attempt: number;
    readonly isReplaying: boolean;
    readonly step: string | undefined;
    readonly args: unknown[];
  }
  const sights: Sight[] = [];

  @Injectable()
  class Watching implements NestInterceptor {
    intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
      const durable = DurableExecutionContext.create(context);
      const { invocation, attempt, isReplaying, step } = durable;
      sights.push({
        ...invocation,
        type: context.getType<string>(),
        attempt,
        isReplaying,
        step: step?.idempotencyKey,
        args: durable.getArgs(),
      });
      return next.handle();
    }
  }

  @DurableService({ name: 'watched' })
  @UseInterceptors(Watching)
  class Watched {
    private attempts = 0;
    @Handler({ ...QUICK, name: 'go' })
    async run(n: number): Promise<number> {
      const one = await this.add(n);
      if (this.attempts++ === 0) throw new Busy('again');
      return this.add(one);
    }
    @Step()
    protected async add(n: number): Promise<number> {
      return n + 1;
    }
  }

  it('tells invocation, attempt, replay and step', async () => {
    const { client, close } = await applications.start({ providers: [Watched] });
    const { id, result } = await client.send(Watched).run(1);
    expect(await result()).toBe(3);
    const common = { type: DURABLE_CONTEXT_TYPE, id, service: 'watched', handler: 'go' };
    expect(sights).toMatchObject([
      { ...common, attempt: 1, isReplaying: false, step: undefined, args: [1] },
      { ...common, attempt: 1, isReplaying: false, step: `${id}/0`, args: [1] },
      { ...common, attempt: 2, isReplaying: true, step: undefined, args: [1] },
      { ...common, attempt: 2, isReplaying: false, step: `${id}/1`, args: [2] },
    ]);
    await close();
  });

  it('is refused for a context of another type', () => {
    const http = { getType: () => 'http' } as unknown as ExecutionContext;
    expect(() => DurableExecutionContext.create(http)).toThrow(TypeError);
  });
});
