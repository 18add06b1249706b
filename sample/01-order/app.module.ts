import { Module } from '@nestjs/common';
import { DurableModule } from 'nestjs-durable';
import { Mailer } from './mailer.js';
import { OrderService } from './order.service.js';
import { OrdersController } from './orders.controller.js';
import { PaymentGateway } from './payment.gateway.js';
import { WarehouseService } from './warehouse.service.js';

@Module({
  imports: [
    // Without these variables everything is kept by an embedded PostgreSQL, in the directory .durable.
    DurableModule.forRoot({ postgres: process.env.POSTGRES_URL, redis: process.env.REDIS_URL }),
  ],
  controllers: [OrdersController],
  providers: [OrderService, PaymentGateway, WarehouseService, Mailer],
})
export class AppModule {}
