import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DurableClient, DurableContext, DurableModule, DurableService, Handler } from 'nestjs-durable';
import { heapInUse } from '../support/heap.js';

/** What a test asks of this process. Its one argument: the URL of a database. */
type Request =
  | { readonly kind: 'send'; readonly count: number; readonly at: number }
  | { readonly kind: 'status'; readonly at: number }
  | { readonly kind: 'heap' };

@DurableService()
class Sleeper {
  constructor(private readonly durable: DurableContext) {}

  @Handler()
  async sleepUntil(at: number): Promise<number> {
    await this.durable.sleepUntil(new Date(at));
    woken.set(at, (woken.get(at) ?? 0) + 1);
    return at;
  }
}

/** How many have gone on, by the time that they slept until. */
const woken = new Map<number, number>();
const SENDERS = 64;

@Module({
  imports: [DurableModule.forRoot({ postgres: process.argv[2]!, worker: { sweepInterval: 200 } })],
  providers: [Sleeper],
})
class App {}

const app = await NestFactory.createApplicationContext(App, { logger: ['error'] });
const client = app.get(DurableClient);

async function send(count: number, at: number): Promise<void> {
  const sends = client.send(Sleeper);
  let left = count;
  const sender = async (): Promise<void> => {
    while (left-- > 0) await sends.sleepUntil(at);
  };
  await Promise.all(Array.from({ length: SENDERS }, sender));
  const isRunning = async (): Promise<boolean> =>
    (await client.list({ service: 'Sleeper', status: 'running', limit: 1 })).items.length > 0;
  while (await isRunning()) await new Promise(resolve => setTimeout(resolve, 50));
}

async function answer(request: Request): Promise<number> {
  if (request.kind === 'heap') return heapInUse();
  if (request.kind === 'status') return woken.get(request.at) ?? 0;
  await send(request.count, request.at);
  return request.count;
}

process.on('message', (request: Request) => {
  answer(request).then(
    result => process.send?.(result),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.once('disconnect', () => void app.close());
process.send?.('ready');
