import { Module, type DynamicModule } from '@nestjs/common';
import {
  DurableContext,
  DurableModule,
  DurableService,
  Handler,
  ObjectState,
  Step,
  VirtualObject,
  type DurableModuleOptions,
} from 'nestjs-durable';
import { InterruptedService, Interruption } from './interruption.js';

/** What a handler of many steps took for each of its first and of its last ones, in milliseconds. */
export interface StepTimes {
  readonly first: number;
  readonly last: number;
}

/** What is invoked: handlers that do nothing, so that only the library's own work is measured. */
@DurableService({ name: 'Bench' })
export class BenchService {
  constructor(private readonly durable: DurableContext) {}

  @Handler()
  async empty(value: number): Promise<number> {
    return value;
  }

  @Handler()
  async oneStep(value: number): Promise<number> {
    return this.step(value);
  }

  @Handler()
  async threeSteps(value: number): Promise<number> {
    return this.step(await this.step(await this.step(value)));
  }

  /** @param edge how many of the first and of the last steps are timed; by a clock that no replay may rely on */
  @Handler()
  async sequentialSteps(count: number, edge: number): Promise<StepTimes> {
    const marks = [performance.now()];
    for (let value = 0; value < count; value++) {
      await this.step(value);
      marks.push(performance.now());
    }
    const between = (from: number, to: number): number => ((marks[to] ?? 0) - (marks[from] ?? 0)) / edge;
    return { first: between(0, edge), last: between(count - edge, count) };
  }

  @Handler()
  async children(count: number): Promise<number> {
    const calls = Array.from({ length: count }, (_, value) => this.durable.call(BenchService).empty(value));
    return (await Promise.all(calls)).reduce((sum, value) => sum + value, 0);
  }

  @Handler()
  async sleepUntil(at: Date): Promise<void> {
    await this.durable.sleepUntil(at);
  }

  @Step()
  async step(value: number): Promise<number> {
    return value;
  }
}

/** A virtual object whose handler changes its state once. */
@VirtualObject({ name: 'BenchCounter' })
export class BenchCounter {
  constructor(private readonly state: ObjectState<{ count: number }>) {}

  @Handler()
  async add(by: number): Promise<number> {
    return this.state.update('count', (count = 0) => count + by);
  }
}

/** The application of a benchmark: durable services and a virtual object, nothing around them. */
@Module({})
export class BenchModule {
  /** @param process whether it holds the steps that can be held */
  static with(options: DurableModuleOptions, process: { readonly holds?: boolean } = {}): DynamicModule {
    const interruption = { provide: Interruption, useValue: new Interruption(process.holds ?? false) };
    return {
      module: BenchModule,
      imports: [DurableModule.forRoot(options)],
      providers: [BenchService, BenchCounter, InterruptedService, interruption],
    };
  }
}
