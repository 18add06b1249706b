import { type DynamicModule, Global, Inject, Module, type OnModuleDestroy } from '@nestjs/common';
import { InvalidOptionError } from '../errors/index.js';
import { type Duration, parseDuration } from '../options/duration.js';
import { DURABLE_TEST_SEAM } from '../options/tokens.js';
import { Bench } from './bench.js';
import { DurableTesting } from './durable-testing.js';
import { TESTING_OPTIONS } from './tokens.js';

/** Options of `DurableTestingModule`. */
export interface DurableTestingOptions {
  /** What time it is at first. @default the time of the machine */
  readonly now?: Date;
  /**
   * How long what runs may go on without a commit before a test hears that it does not come to rest. In the time of the
   * machine; shorter than the timeout of the test. @default '4s'
   */
  readonly idleLimit?: Duration;
}

/**
 * Durable code under test, without a server: import it beside the modules of the application, in the testing module.
 *
 * `DurableModule` then runs on a PostgreSQL in memory whatever its options say of `postgres`, `redis` and `embedded`; its
 * other options hold. Time stands still until the test moves it: {@link DurableTesting} has the tools.
 *
 * @example
 * ```ts
 * const module = await Test.createTestingModule({ imports: [AppModule, DurableTestingModule] }).compile();
 * const app = await module.createNestApplication().init();
 * const { clock, steps } = app.get(DurableTesting);
 * ```
 */
@Global()
@Module({
  providers: [
    { provide: TESTING_OPTIONS, useValue: {} },
    { provide: DURABLE_TEST_SEAM, inject: [TESTING_OPTIONS], useFactory: benchFor },
    DurableTesting,
  ],
  exports: [DURABLE_TEST_SEAM, DurableTesting],
})
export class DurableTestingModule implements OnModuleDestroy {
  constructor(@Inject(DURABLE_TEST_SEAM) private readonly bench: Bench) {}

  /** @throws InvalidOptionError (DURABLE_INVALID_OPTION), InvalidDurationError (DURABLE_INVALID_DURATION) at boot */
  static forRoot(options: DurableTestingOptions = {}): DynamicModule {
    return { module: DurableTestingModule, providers: [{ provide: TESTING_OPTIONS, useValue: options }] };
  }

  onModuleDestroy(): void {
    this.bench.clock.flow();
  }
}

function benchFor({ now = new Date(), idleLimit }: DurableTestingOptions): Bench {
  if (!(now instanceof Date) || Number.isNaN(now.getTime())) {
    throw new InvalidOptionError('now', `is ${String(now)}`, 'a valid Date');
  }
  return new Bench(now, parseDuration(idleLimit ?? '4s', 'idleLimit'));
}
