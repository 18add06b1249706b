import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DurableModule, embeddedDriver } from 'nestjs-durable';
import { DataSource } from 'typeorm';
import { Carrier } from './carrier.js';
import { Order } from './order.entity.js';
import { OrdersController } from './orders.controller.js';
import { OrdersService } from './orders.service.js';
import { ShippingService } from './shipping.service.js';
import { Stock } from './stock.entity.js';
import { Warehouse } from './warehouse.js';

const url = process.env.POSTGRES_URL;

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'postgres',
      ...(url === undefined ? { driver: embeddedDriver() } : { url }),
      entities: [Order, Stock],
      // For a sample; an application has migrations.
      synchronize: true,
    }),
    TypeOrmModule.forFeature([Order, Stock]),
    DurableModule.forRootAsync({
      inject: [DataSource],
      useFactory: (postgres: DataSource) => ({
        postgres,
        ...(process.env.REDIS_URL !== undefined && { redis: process.env.REDIS_URL }),
      }),
    }),
  ],
  controllers: [OrdersController],
  providers: [OrdersService, ShippingService, Warehouse, Carrier],
})
export class AppModule {}
