import { Module } from '@nestjs/common';
import { DurableModule } from 'nestjs-durable';
import { Mailer } from './mailer.js';
import { TrialService } from './trial.service.js';
import { TrialTerms } from './trial.terms.js';
import { TrialsController } from './trials.controller.js';

@Module({
  imports: [DurableModule.forRoot({ postgres: process.env.POSTGRES_URL, redis: process.env.REDIS_URL })],
  controllers: [TrialsController],
  providers: [TrialService, TrialTerms, Mailer],
})
export class AppModule {}
