import { Module, type DynamicModule } from '@nestjs/common';
import { DurableCoreModule } from './durable-core.module.js';
import type { DurableModuleAsyncOptions } from './durable.module-definition.js';
import type { DurableModuleOptions } from './options/durable-options.js';

/**
 * Durable execution for the application: import it once, in the root module.
 *
 * `DurableClient` and `DurableContext` are then injectable everywhere, and every `@DurableService()` of the
 * application works.
 */
@Module({})
export class DurableModule {
  /**
   * Without options: all in this process, on an embedded PostgreSQL in the directory `.durable`.
   * @throws InvalidOptionError (DURABLE_INVALID_OPTION) at boot, naming the option, its value and what is allowed
   */
  static forRoot(options: DurableModuleOptions = {}): DynamicModule {
    return { module: DurableModule, imports: [DurableCoreModule.forRoot(options)] };
  }

  /** As {@link forRoot}, with options that other providers give. */
  static forRootAsync(options: DurableModuleAsyncOptions): DynamicModule {
    return { module: DurableModule, imports: [DurableCoreModule.forRootAsync(options)] };
  }
}
