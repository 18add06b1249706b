/**
 * A worker whose steps write when they start and end into a ledger outside of the database.
 *
 * Its argument says where the servers are and how it shuts down: `microservice`, `hybrid`, `context` by Nest's own
 * hooks, `close` by closing the application and leaving the rest to Node.
 */
import 'reflect-metadata';
import { appendFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  DurableContext,
  DurableModule,
  type DurableModuleOptions,
  DurableService,
  Handler,
} from 'nestjs-durable';
import { DurableServer } from 'nestjs-durable/microservice';

interface Argument {
  readonly mode: 'microservice' | 'hybrid' | 'context' | 'close';
  readonly options: DurableModuleOptions;
  readonly ledger: string;
  readonly stepMs: number;
}

const { mode, options, ledger, stepMs } = JSON.parse(process.argv[2] ?? '') as Argument;

function note(event: string, id: string, step: number): void {
  // One short line is appended whole, whoever else appends.
  appendFileSync(ledger, `${JSON.stringify({ event, id, step, pid: process.pid, at: Date.now() })}\n`);
}

@DurableService({ name: 'Draining' })
class Draining {
  constructor(private readonly durable: DurableContext) {}

  @Handler()
  async work(steps: number): Promise<number> {
    for (let step = 0; step < steps; step++) await this.durable.run(`step ${step}`, () => this.step(step));
    return steps;
  }

  private async step(step: number): Promise<void> {
    const { invocation, abortSignal: signal } = this.durable;
    signal.addEventListener('abort', () => note('abort', invocation.id, step));
    note('start', invocation.id, step);
    await setTimeout(stepMs);
    note('end', invocation.id, step);
  }
}

class Root {}

async function start(): Promise<INestApplicationContext> {
  const module = { module: Root, imports: [DurableModule.forRoot(options)], providers: [Draining] };
  const logger = ['warn' as const, 'error' as const];
  if (mode === 'context') return NestFactory.createApplicationContext(module, { logger });
  const strategy = new DurableServer();
  if (mode === 'hybrid') {
    const app = await NestFactory.create(module, { logger });
    app.connectMicroservice({ strategy });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    return app;
  }
  const microservice = await NestFactory.createMicroservice(module, { logger, strategy });
  await microservice.listen();
  return microservice;
}

const app = await start();
if (mode === 'close') process.once('SIGTERM', () => void app.close());
else app.enableShutdownHooks([], { useProcessExit: true });
process.once('SIGTERM', () => note('told', '', -1));
process.send?.('ready');
// From here on only what the application itself holds keeps the process alive.
process.channel?.unref();
