import { Module } from '@nestjs/common';
import { DurableModule } from 'nestjs-durable';
import { Drum } from './drum.js';
import { Lottery } from './lottery.js';
import { LotteryController } from './lottery.controller.js';

@Module({
  imports: [DurableModule.forRoot({ postgres: process.env.POSTGRES_URL, redis: process.env.REDIS_URL })],
  controllers: [LotteryController],
  providers: [Lottery, Drum],
})
export class AppModule {}
