import { Module } from '@nestjs/common';
import { DurableModule } from 'nestjs-durable';
import { AuditService } from './audit.service.js';
import { Country } from './country.js';
import { Mailer } from './mailer.js';
import { UsersController } from './users.controller.js';
import { WelcomeService } from './welcome.service.js';

@Module({
  imports: [DurableModule.forRoot({ postgres: process.env.POSTGRES_URL, redis: process.env.REDIS_URL })],
  controllers: [UsersController],
  providers: [WelcomeService, Country, AuditService, Mailer],
})
export class AppModule {}
