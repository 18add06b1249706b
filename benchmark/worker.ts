import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { BenchModule } from './application.js';
import { Interruption } from './interruption.js';
import { ownMemory } from './memory.js';
import { countStatements, ownStatements } from './statements.js';
import type { Answers, WorkerProcessOptions } from './worker-process.js';

/**
 * A worker process of the benchmark: works until its parent lets go of it, and answers what the parent asks. Its
 * argument: `WorkerProcessOptions`.
 */
const { module, holds } = JSON.parse(process.argv[2] ?? '{}') as WorkerProcessOptions;
countStatements();
const application = await NestFactory.createApplicationContext(BenchModule.with(module, { holds }), {
  logger: ['error'],
});
const interruption = application.get(Interruption);
const answers: { readonly [Question in keyof Answers]: () => Answers[Question] } = {
  memory: ownMemory,
  statements: ownStatements,
  interruptions: () => interruption.seen,
};
process.once('disconnect', () => {
  application.close().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
});
process.on('message', (question: keyof Answers) => process.send?.(answers[question]()));
process.send?.('ready');
