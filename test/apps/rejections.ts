/**
 * An application whose handlers, steps, enhancers and hooks fail in every way, for a process that ends at the first
 * rejected promise without a handler (`--unhandled-rejections=strict`). Prints what each invocation came to, and how it
 * came to the same after a replay.
 */
import 'reflect-metadata';
import { Injectable, type NestInterceptor, UseInterceptors } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DurableClient, DurableContext, DurableModule, DurableService, Handler } from 'nestjs-durable';
import { throwError } from 'rxjs';

const ONCE = { retry: { maxAttempts: 1 } };

@Injectable()
class Failing implements NestInterceptor {
  intercept(): ReturnType<NestInterceptor['intercept']> {
    return throwError(() => new Error('in an interceptor'));
  }
}

@DurableService()
class Rejections {
  constructor(private readonly durable: DurableContext) {}

  /** Some settle before the wait, and again on the replay after it. */
  @Handler(ONCE)
  async settled(): Promise<string[]> {
    const outcomes = Promise.allSettled([this.fails('a'), this.fails('b'), this.works('c')]);
    await this.durable.sleep(20);
    return (await outcomes).map(({ status }) => status);
  }

  @Handler(ONCE)
  async any(): Promise<string> {
    const first = Promise.any([this.fails('a'), this.fails('b'), this.works('c')]);
    await this.durable.sleep(20);
    return first;
  }

  @Handler(ONCE)
  async none(): Promise<string> {
    const none = Promise.any([this.fails('a'), this.fails('b')]).catch((error: AggregateError) =>
      error.errors.map(String).join(),
    );
    await this.durable.sleep(20);
    return none;
  }

  @Handler(ONCE)
  async all(): Promise<string> {
    const all = Promise.all([this.works('a'), this.fails('b'), this.fails('c')]).catch(String);
    await this.durable.sleep(20);
    return String(await all);
  }

  @Handler(ONCE)
  async race(): Promise<string> {
    const first = Promise.race([this.fails('a', 10), this.works('b')]);
    await this.durable.sleep(20);
    return first;
  }

  @Handler(ONCE)
  async throws(what: 'null' | 'undefined' | 'text'): Promise<void> {
    await this.durable.sleep(20);
    await this.durable.run('throws', () => Promise.reject(THROWN[what] as unknown as Error), ONCE);
  }

  @Handler(ONCE)
  async throwsItself(what: 'null' | 'undefined' | 'text'): Promise<void> {
    await this.durable.sleep(20);
    throw THROWN[what] as unknown as Error;
  }

  @Handler(ONCE)
  @UseInterceptors(Failing)
  async intercepted(): Promise<void> {}

  /** Its deadline comes, and it is cancelled, while nothing of it is awaited. */
  @Handler(ONCE)
  async waits(): Promise<string> {
    const signal = this.durable.signal('never');
    const late = this.durable.sleep('1h');
    return Promise.race([signal.then(() => 'signal'), late.then(() => 'late')]);
  }

  private async fails(name: string, ms = 0): Promise<string> {
    await this.durable.run(name, () => later(ms, () => Promise.reject(new Error(name))), ONCE);
    return name;
  }

  private async works(name: string): Promise<string> {
    await this.durable.run(name, () => later(5, () => Promise.resolve()));
    return name;
  }
}

const THROWN = { null: null, undefined: undefined, text: 'a text' } as const;

async function later(ms: number, end: () => Promise<void>): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, ms));
  await end();
}

class Root {}

const module = {
  module: Root,
  imports: [
    DurableModule.forRoot({
      embedded: { directory: false },
      // `suspend`: every wait is a replay.
      worker: { sweepInterval: 10, ...(process.argv[2] === 'suspend' && { residency: 0 }) },
    }),
  ],
  providers: [Rejections, Failing],
};
const app = await NestFactory.createApplicationContext(module, { logger: false });
const client = app.get(DurableClient);
const calls = client.call(Rejections);
const outcomeOf = (outcome: Promise<unknown>): Promise<unknown> =>
  outcome.catch((error: Error) => `${error.name}: ${error.message}`);

const outcomes: Record<string, unknown> = {
  settled: await outcomeOf(calls.settled()),
  any: await outcomeOf(calls.any()),
  none: await outcomeOf(calls.none()),
  all: await outcomeOf(calls.all()),
  race: await outcomeOf(calls.race()),
  intercepted: await outcomeOf(calls.intercepted()),
};
for (const what of ['null', 'undefined', 'text'] as const) {
  outcomes[`a step throws ${what}`] = await outcomeOf(calls.throws(what));
  outcomes[`a handler throws ${what}`] = await outcomeOf(calls.throwsItself(what));
}
const late = await client.send(Rejections, { deadline: 50 }).waits();
outcomes['deadline'] = await outcomeOf(late.result());
const cancelled = await client.send(Rejections).waits();
await client.cancel(cancelled.id);
outcomes['cancelled'] = await outcomeOf(cancelled.result());
await app.close();
console.log(JSON.stringify(outcomes));
