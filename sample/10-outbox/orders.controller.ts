import { Body, Controller, Get, HttpCode, Param, ParseIntPipe, Post } from '@nestjs/common';
import { OrderDto } from './order.dto.js';
import { OrdersService } from './orders.service.js';
import { Warehouse } from './warehouse.js';

@Controller()
export class OrdersController {
  constructor(
    private readonly orders: OrdersService,
    private readonly warehouse: Warehouse,
  ) {}

  @Post('orders')
  @HttpCode(202)
  place(@Body() { sku, amount }: OrderDto) {
    return this.orders.place(sku, amount);
  }

  @Get('orders/:order')
  find(@Param('order', ParseIntPipe) order: number) {
    return this.orders.find(order);
  }

  @Get('stock/:sku')
  async stock(@Param('sku') sku: string) {
    return { left: await this.warehouse.left(sku), orders: await this.orders.count() };
  }
}
