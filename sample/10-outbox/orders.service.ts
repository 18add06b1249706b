import { Injectable, NotFoundException } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { DurableClient } from 'nestjs-durable';
import type { DataSource, Repository } from 'typeorm';
import { Order } from './order.entity.js';
import { ShippingService } from './shipping.service.js';
import { Stock } from './stock.entity.js';

/** Orders, as any application has them. */
@Injectable()
export class OrdersService {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(Order) private readonly orders: Repository<Order>,
    private readonly durable: DurableClient,
  ) {}

  /** The order and its shipping are there, or neither: there is no moment in which one of them could get lost. */
  async place(sku: string, amount: number): Promise<{ order: number; id: string }> {
    return this.dataSource.transaction(async manager => {
      const order = await manager.save(Order, { sku, amount });
      const { id } = await this.durable.send(ShippingService).ship(order.id);
      const known = await manager.existsBy(Stock, { sku });
      // Too late for an ordinary queue: it would have the job by now.
      if (!known) throw new NotFoundException(`there is no ${sku}`);
      return { order: order.id, id };
    });
  }

  async find(id: number): Promise<Order> {
    const order = await this.orders.findOneBy({ id });
    if (!order) throw new NotFoundException(`there is no order ${id}`);
    return order;
  }

  count(): Promise<number> {
    return this.orders.count();
  }
}
