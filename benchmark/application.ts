import { Module, type DynamicModule } from '@nestjs/common';
import { DurableModule, DurableService, Handler, Step, type DurableModuleOptions } from 'nestjs-durable';

/** What is invoked: handlers that do nothing, so that only the library's own work is measured. */
@DurableService({ name: 'Bench' })
export class BenchService {
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

  @Step()
  async step(value: number): Promise<number> {
    return value;
  }
}

/** The application of a benchmark: one durable service, nothing around it. */
@Module({})
export class BenchModule {
  static with(options: DurableModuleOptions): DynamicModule {
    return {
      module: BenchModule,
      imports: [DurableModule.forRoot(options)],
      providers: [BenchService],
    };
  }
}
