import { Module } from '@nestjs/common';
import { DurableModule } from 'nestjs-durable';
import { Archive } from './archive.js';
import { Reports } from './reports.js';
import { SchedulesController } from './schedules.controller.js';

@Module({
  imports: [DurableModule.forRoot({ postgres: process.env.POSTGRES_URL, redis: process.env.REDIS_URL })],
  controllers: [SchedulesController],
  providers: [Reports, Archive],
})
export class AppModule {}
