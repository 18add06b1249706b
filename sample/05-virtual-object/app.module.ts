import { Module } from '@nestjs/common';
import { DurableModule } from 'nestjs-durable';
import { Concert } from './concert.js';
import { ConcertsController } from './concerts.controller.js';
import { Payments } from './payments.js';

@Module({
  imports: [DurableModule.forRoot({ postgres: process.env.POSTGRES_URL, redis: process.env.REDIS_URL })],
  controllers: [ConcertsController],
  providers: [Concert, Payments],
})
export class AppModule {}
