import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { DurableModuleOptions } from 'nestjs-durable';
import { BenchModule } from './application.js';
import { ownMemory } from './memory.js';

/**
 * A worker process of the benchmark: works until its parent lets go of it, and answers each message with the memory
 * that it holds. Its argument: options of the module.
 */
const options = JSON.parse(process.argv[2] ?? '{}') as DurableModuleOptions;
const application = await NestFactory.createApplicationContext(BenchModule.with(options), {
  logger: ['error'],
});
process.once('disconnect', () => {
  application.close().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
});
process.on('message', () => process.send?.(ownMemory()));
process.send?.('ready');
