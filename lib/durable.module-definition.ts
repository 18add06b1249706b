import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { DurableModuleOptions } from './options/durable-options.js';

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<DurableModuleOptions>({ moduleName: 'Durable' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createDurableOptions')
    .build();

/** What `forRootAsync` takes: `imports`, `inject`, and one of `useFactory`, `useClass`, `useExisting`. */
export type DurableModuleAsyncOptions = typeof ASYNC_OPTIONS_TYPE;

/** What a class given as `useClass` or `useExisting` implements. */
export interface DurableOptionsFactory {
  createDurableOptions(): DurableModuleOptions | Promise<DurableModuleOptions>;
}
