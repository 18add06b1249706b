/**
 * A test of a user, without a test runner: uses the tools, closes the application, and says what still holds the process.
 * Its end is the test's to see: nothing here ends it.
 */
import { Test } from '@nestjs/testing';
import { DurableClient, DurableContext, DurableModule, DurableService, Handler } from 'nestjs-durable';
import { DurableTesting, DurableTestingModule } from 'nestjs-durable/testing';

@DurableService()
class Sleeper {
  constructor(private readonly durable: DurableContext) {}

  @Handler()
  async sleeps(): Promise<string> {
    await this.durable.sleep('1d');
    return this.durable.run('answer', () => 'awake');
  }

  @Handler()
  async hangs(): Promise<void> {
    await this.durable.run('hang', () => new Promise(() => undefined));
  }
}

const module = await Test.createTestingModule({
  imports: [DurableModule.forRoot(), DurableTestingModule.forRoot({ idleLimit: '20s' })],
  providers: [Sleeper],
}).compile();
const app = module.createNestApplication({ logger: false });
await app.init();
const client = app.get(DurableClient);
const { clock, crashEverywhere } = app.get(DurableTesting);
const { crashes } = await crashEverywhere(one => one.call(Sleeper).sleeps());
// What is left undone: one that sleeps, and one whose step never ends.
await client.send(Sleeper).sleeps();
await client.send(Sleeper).hangs();
await clock.advance('1h', { whileStepsRun: true });
await app.close();
// What is closed in this turn of the event loop is gone in the next ones.
await new Promise(resolve => setTimeout(resolve, 50));
const held = process.getActiveResourcesInfo().filter(name => !['PipeWrap', 'TTYWrap'].includes(name));
process.stdout.write(`${JSON.stringify({ crashes: crashes.length, held })}\n`);
