import { Module } from '@nestjs/common';
import { DurableModule } from 'nestjs-durable';
import { ApprovalTerms } from './approval.terms.js';
import { Mailer } from './mailer.js';
import { PurchaseService } from './purchase.service.js';
import { PurchasesController } from './purchases.controller.js';
import { WebhookController } from './webhook.controller.js';
import { WebhookGuard } from './webhook.guard.js';

@Module({
  imports: [DurableModule.forRoot({ postgres: process.env.POSTGRES_URL, redis: process.env.REDIS_URL })],
  controllers: [PurchasesController, WebhookController],
  providers: [PurchaseService, Mailer, ApprovalTerms, WebhookGuard],
})
export class AppModule {}
