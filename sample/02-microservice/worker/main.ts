import { Logger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DurableServer } from 'nestjs-durable/microservice';
import { WorkerModule } from './worker.module.js';

// A short lease, so that a killed worker is missed soon.
const strategy = new DurableServer({ lease: '5s' });
const app = await NestFactory.createMicroservice(WorkerModule, { strategy });
// On SIGTERM running steps finish, the rest is given back, and the process ends with code 0.
app.enableShutdownHooks([], { useProcessExit: true });
await app.listen();
Logger.log('ready', 'Main');
