/** An application whose handlers, or whose other code (`foreign`), leave a rejected promise to nobody. */
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { DurableClient, DurableContext, DurableModule, DurableService, Handler } from 'nestjs-durable';

@DurableService()
class Careless {
  constructor(private readonly durable: DurableContext) {}

  @Handler()
  async run(): Promise<string> {
    // Neither is awaited: an async function of the handler's own, and one within a step.
    void this.branch();
    await this.durable.run('step', async () => {
      void Promise.reject(new Error('within a step'));
    });
    await this.durable.sleep(50);
    return 'through';
  }

  private async branch(): Promise<void> {
    await this.durable.run('fails', () => Promise.reject(new Error('in a branch')), {
      retry: { maxAttempts: 1 },
    });
  }
}

class Root {}

const module = {
  module: Root,
  imports: [DurableModule.forRoot({ embedded: { directory: false } })],
  providers: [Careless],
};
const app = await NestFactory.createApplicationContext(module, { logger: ['error'] });
console.log(await app.get(DurableClient).call(Careless).run());
if (process.argv[2] === 'foreign') {
  void Promise.reject(new Error('of nobody'));
  await new Promise(resolve => setTimeout(resolve, 200));
  console.log('went on');
}
await app.close();
