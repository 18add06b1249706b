import { Logger, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ApiModule } from './api.module.js';

const app = await NestFactory.create(ApiModule);
app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }));
app.enableShutdownHooks([], { useProcessExit: true });
await app.listen(process.env.PORT ?? 3000, process.env.HOST ?? '127.0.0.1');
Logger.log(`listening on ${await app.getUrl()}`, 'Main');
