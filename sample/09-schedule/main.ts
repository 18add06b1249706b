import { Logger, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';

const app = await NestFactory.create(AppModule);
app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }));
// On SIGTERM running steps finish, the rest is given back, and the process ends with code 0.
app.enableShutdownHooks([], { useProcessExit: true });
await app.listen(process.env.PORT ?? 3000, process.env.HOST ?? '127.0.0.1');
Logger.log(`listening on ${await app.getUrl()}`, 'Main');
