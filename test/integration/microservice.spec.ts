import 'reflect-metadata';
import {
  type CallHandler,
  type CanActivate,
  Controller,
  type DynamicModule,
  type ExecutionContext,
  Get,
  Injectable,
  type INestApplicationContext,
  type NestInterceptor,
  type OnModuleInit,
  UseGuards,
  ValidationPipe,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Transport } from '@nestjs/microservices';
import { IsInt } from 'class-validator';
import { map, type Observable } from 'rxjs';
import {
  DURABLE_CONTEXT_TYPE,
  DurableClient,
  DurableModule,
  type DurableModuleOptions,
  DurableService,
  Handler,
  Step,
} from '../../lib/index.js';
import { DurableServer, type WorkerStatus } from '../../lib/microservice/index.js';
import { Latch } from '../support/latch.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { Servers } from '../support/servers.js';
import { until } from '../support/until.js';

class OrderDto {
  @IsInt()
  amount!: number;
}

@Injectable()
class Closed implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@DurableService({ name: 'Orders' })
class Orders implements OnModuleInit {
  static started = new Latch();
  static proceed = new Latch();
  private isInitialised = false;

  onModuleInit(): void {
    this.isInitialised = true;
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async checkout(order: OrderDto): Promise<string> {
    return `paid ${await this.charge(order.amount)} in ${process.pid}, initialised: ${this.isInitialised}`;
  }

  @Handler({ retry: { maxAttempts: 1 } })
  @UseGuards(Closed)
  async closed(): Promise<void> {}

  @Handler()
  async slow(): Promise<string> {
    return this.hold();
  }

  @Step()
  async charge(amount: number): Promise<number> {
    return amount;
  }

  @Step()
  async hold(): Promise<string> {
    Orders.started.open();
    await Orders.proceed.wait();
    return 'held';
  }
}

@Controller()
class Web {
  @Get('health')
  health(): string {
    return 'up';
  }
}

@Controller()
class Messages {
  @MessagePattern({ cmd: 'sum' })
  sum(): number {
    return 0;
  }

  @MessagePattern('tcp.only', Transport.TCP)
  tcpOnly(): number {
    return 0;
  }
}

class Root {}

function appOf(
  options: DurableModuleOptions,
  parts: Pick<DynamicModule, 'controllers' | 'providers'> = { providers: [Orders] },
): DynamicModule {
  return { module: Root, imports: [DurableModule.forRoot(options)], ...parts };
}

const SILENT = { logger: false as const };
const EMPTY = { providers: [] };

describe('a microservice with the strategy DurableServer', () => {
  let servers: Servers;
  const open: INestApplicationContext[] = [];

  beforeAll(async () => {
    servers = await Servers.open();
  });

  beforeEach(() => {
    Orders.started = new Latch();
    Orders.proceed = new Latch();
  });

  afterEach(async () => {
    Orders.proceed.open();
    for (const app of open.splice(0).reverse()) await app.close();
  });

  afterAll(() => servers.close());

  function keep<T extends INestApplicationContext>(app: T): T {
    open.push(app);
    return app;
  }

  async function startWorker(
    strategy: DurableServer,
    options: DurableModuleOptions = {},
    parts?: Pick<DynamicModule, 'controllers' | 'providers'>,
  ): ReturnType<typeof NestFactory.createMicroservice> {
    const module = appOf(servers.with(options), parts);
    const app = keep(await NestFactory.createMicroservice(module, { ...SILENT, strategy }));
    await app.listen();
    return app;
  }

  /** An application that dispatches and does not work. */
  async function startClient(): Promise<DurableClient> {
    const module = appOf(servers.with({ worker: false }), EMPTY);
    return keep(await NestFactory.createApplicationContext(module, SILENT)).get(DurableClient);
  }

  it('is a worker, also where the module says worker: false', async () => {
    await startWorker(new DurableServer(), { worker: false });
    const client = await startClient();
    await expect(client.call(Orders).checkout({ amount: 7 })).resolves.toContain('paid 7');
  });

  it('works beside HTTP, and not before the application is initialised', async () => {
    const client = await startClient();
    const waiting = await client.send(Orders).checkout({ amount: 1 });
    const module = appOf(servers.with({ worker: false }), { providers: [Orders], controllers: [Web] });
    const app = keep(await NestFactory.create(module, SILENT));
    const strategy = new DurableServer();
    const statuses: WorkerStatus[] = [];
    strategy.status.subscribe(status => statuses.push(status));
    app.connectMicroservice({ strategy });
    await app.startAllMicroservices();
    expect(statuses).toEqual([]);
    await app.listen(0, '127.0.0.1');
    expect(statuses).toEqual(['working']);
    await expect(waiting.result()).resolves.toContain('initialised: true');
    const health = await fetch(`${await app.getUrl()}/health`);
    expect(await health.text()).toBe('up');
  });

  it('has the enhancers of the application around handlers', async () => {
    const seen: string[] = [];
    const spy: NestInterceptor = {
      intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
        seen.push(`${context.getType<string>()} ${context.getHandler().name}`);
        return next.handle().pipe(map((value: unknown) => (value === 2 ? 'two' : value)));
      },
    };
    const module = appOf(servers.with({}));
    const app = keep(
      await NestFactory.createMicroservice(module, { ...SILENT, strategy: new DurableServer() }),
    );
    app.useGlobalInterceptors(spy);
    app.useGlobalPipes(new ValidationPipe());
    await app.listen();
    const client = await startClient();
    await expect(client.call(Orders).checkout({ amount: 2 })).resolves.toContain('paid two');
    expect(seen).toEqual([`${DURABLE_CONTEXT_TYPE} checkout`, `${DURABLE_CONTEXT_TYPE} charge`]);
    await expect(client.call(Orders).checkout({ amount: 'two' as never })).rejects.toMatchObject({
      name: 'BadRequestException',
    });
    await expect(client.call(Orders).closed()).rejects.toMatchObject({ name: 'ForbiddenException' });
  });

  it('says what it does: by status, by on(), and by unwrap()', async () => {
    const strategy = new DurableServer();
    const statuses: WorkerStatus[] = [];
    const calls: string[] = [];
    strategy.status.subscribe(status => statuses.push(status));
    strategy.on('working', () => calls.push('working'));
    const app = await startWorker(strategy);
    app.on('stopped', () => calls.push('stopped'));
    expect(statuses).toEqual(['working']);
    expect(app.unwrap()).toMatchObject({ start: expect.any(Function) as unknown });
    await app.close();
    expect(statuses).toEqual(['working', 'draining', 'stopped']);
    expect(calls).toEqual(['working', 'stopped']);
  });

  it.each([
    ['its server is closed first, as by app.close()', (app: INestApplicationContext) => app.close()],
    ['its hooks come first, as at a signal', shutDownAsSignalled],
    ['both happen at once', (app: INestApplicationContext) => both(app)],
  ])('drains once, and to the end, when %s', async (_, close) => {
    const strategy = new DurableServer();
    const statuses: WorkerStatus[] = [];
    strategy.status.subscribe(status => statuses.push(status));
    const app = await startWorker(strategy);
    const client = await startClient();
    const slow = await client.send(Orders).slow();
    await Orders.started.wait();
    const closed = close(app);
    await until('it drains', () => statuses.includes('draining'));
    Orders.proceed.open();
    await closed;
    expect(statuses).toEqual(['working', 'draining', 'stopped']);
    const [step] = await client.journal(slow.id);
    expect(step).toMatchObject({ name: 'Orders.hold', outcome: 'ok' });
    expect(await slow.status()).toMatchObject({ deaths: 0, worker: null });
  });

  it('takes options of its own before those of the module', async () => {
    await startWorker(new DurableServer({ concurrency: 1 }), { worker: { concurrency: 50 } });
    const client = await startClient();
    const first = await client.send(Orders).slow();
    await Orders.started.wait();
    const second = await client.send(Orders).checkout({ amount: 1 });
    await expect(second.result({ timeout: 300 })).rejects.toMatchObject({ code: 'DURABLE_RESULT_TIMEOUT' });
    Orders.proceed.open();
    await first.result();
    // Sooner than any sweep: it takes work again as soon as there is room.
    await second.result({ timeout: 1_000 });
  });

  it('refuses wrong options, and options that come too late', async () => {
    expect(() => new DurableServer({ concurrency: 0 })).toThrow(
      expect.objectContaining({
        code: 'DURABLE_INVALID_OPTION',
        option: 'new DurableServer(): concurrency',
      }) as Error,
    );
    const app = keep(await NestFactory.create(appOf(servers.with({})), SILENT));
    await app.init();
    app.connectMicroservice({ strategy: new DurableServer({ concurrency: 1 }) });
    await expect(app.startAllMicroservices()).rejects.toMatchObject({ code: 'DURABLE_INVALID_OPTION' });
  });

  it('refuses to listen without DurableModule, in two applications, and once it was closed', async () => {
    const alone = keep(
      await NestFactory.createMicroservice({ module: Root }, { ...SILENT, strategy: new DurableServer() }),
    );
    await expect(alone.listen()).rejects.toMatchObject({
      code: 'DURABLE_SERVER_NOT_BOUND',
      reason: 'no_module',
    });
    const strategy = new DurableServer();
    await startWorker(strategy);
    await expect(startWorker(strategy)).rejects.toMatchObject({ reason: 'two_applications' });
    const closed = await startWorker(new DurableServer());
    await closed.getTransportServer().close();
    await expect(closed.listen()).rejects.toMatchObject({ code: 'DURABLE_WORKER_STOPPED' });
  });

  it('names message patterns of the application that it does not serve', async () => {
    const logger = new RecordingLogger();
    const module = appOf(servers.with({}), { providers: [Orders], controllers: [Messages] });
    const app = keep(await NestFactory.createMicroservice(module, { logger, strategy: new DurableServer() }));
    await app.listen();
    expect(logger.warnings.filter(line => line.includes('DurableServer'))).toEqual([
      expect.stringContaining('{"cmd":"sum"}'),
    ]);
    expect(logger.everything).not.toContain('tcp.only,');
  });

  it('does not see another application of the process', async () => {
    const other = await Servers.open();
    const strategies = [new DurableServer(), new DurableServer()];
    const apps = await Promise.all(
      [servers, other].map(({ address }, index) =>
        NestFactory.createMicroservice(appOf(address), { ...SILENT, strategy: strategies[index] }),
      ),
    );
    apps.forEach(keep);
    await Promise.all(apps.map(app => app.listen()));
    expect(strategies[0]?.unwrap()).not.toBe(strategies[1]?.unwrap());
    await apps[1]?.close();
    const client = await startClient();
    await expect(client.call(Orders).checkout({ amount: 3 })).resolves.toContain('paid 3');
    await other.close();
  });
});

/** What Nest does at a signal: hooks before the server's close. */
async function shutDownAsSignalled(app: INestApplicationContext): Promise<void> {
  await (app as unknown as { shutdown(signal: string): Promise<void> }).shutdown('SIGTERM');
}

async function both(app: INestApplicationContext): Promise<void> {
  await Promise.all([shutDownAsSignalled(app), app.close()]);
}
