/**
 * An application on the embedded database that does nothing but sleep, and that no look for work keeps alive: it sleeps
 * for longer than an idle pool keeps its timers.
 */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { DurableClient, DurableContext, DurableModule, DurableService, Handler } from 'nestjs-durable';

@DurableService()
class Sleeper {
  constructor(private readonly durable: DurableContext) {}

  @Handler()
  async sleep(ms: number): Promise<string> {
    await this.durable.sleep(ms);
    return 'slept';
  }
}

class Root {}

const module = {
  module: Root,
  imports: [
    DurableModule.forRoot({ embedded: { directory: false }, worker: { sweepInterval: '1h', lease: '1h' } }),
  ],
  providers: [Sleeper],
};
const app = await NestFactory.createApplicationContext(module, { logger: ['error'] });
console.log(await app.get(DurableClient).call(Sleeper).sleep(12_000));
await app.close();
