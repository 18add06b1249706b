import { Body, Controller, Get, HttpCode, Param, Post, UseFilters } from '@nestjs/common';
import { DurableClient } from 'nestjs-durable';
import { CheckoutDto } from './checkout.dto.js';
import { DurableErrorFilter } from './durable-error.filter.js';
import { OrderService, type Receipt } from './order.service.js';

@Controller('orders')
@UseFilters(DurableErrorFilter)
export class OrdersController {
  constructor(private readonly durable: DurableClient) {}

  /** Accepts an order. Once it has answered, the order survives; the same order sent again has the same id. */
  @Post()
  @HttpCode(202)
  async place(@Body() order: CheckoutDto) {
    const { id } = await this.durable.send(OrderService, { idempotencyKey: order.orderId }).checkout(order);
    return { id };
  }

  @Get(':id')
  async status(@Param('id') id: string) {
    const invocation = this.durable.get<Receipt>(id);
    const { status, createdAt, finishedAt, error } = await invocation.status();
    const receipt = status === 'completed' ? await invocation.result() : undefined;
    return { id, status, createdAt, finishedAt, error: error?.message, receipt };
  }

  /** What the order did so far, step by step. */
  @Get(':id/journal')
  async journal(@Param('id') id: string) {
    const entries = await this.durable.journal(id);
    return entries.map(entry => ({ ...entry, error: entry.error?.message }));
  }
}
