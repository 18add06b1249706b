import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Step } from 'nestjs-durable';
import { MoreThanOrEqual, type Repository } from 'typeorm';
import { Order } from './order.entity.js';
import { Stock } from './stock.entity.js';

/** Nothing in its methods knows that they are steps. */
@Injectable()
export class Warehouse implements OnApplicationBootstrap {
  constructor(
    @InjectRepository(Stock) private readonly stock: Repository<Stock>,
    @InjectRepository(Order) private readonly orders: Repository<Order>,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.stock.createQueryBuilder().insert().values({ sku: 'chair', left: 10 }).orIgnore().execute();
  }

  /** Takes what was ordered: the stock, the order and the record that it was done are one commit. */
  @Step({ transaction: true })
  async pack(id: number): Promise<Order> {
    const order = await this.orders.findOneByOrFail({ id });
    const { sku, amount } = order;
    const { affected } = await this.stock.decrement({ sku, left: MoreThanOrEqual(amount) }, 'left', amount);
    return this.orders.save({ ...order, status: affected === 1 ? 'packed' : 'sold out' });
  }

  @Step({ transaction: true })
  async shipped(id: number, label: string): Promise<void> {
    await this.orders.update({ id }, { status: 'shipped', label });
  }

  async left(sku: string): Promise<number> {
    return (await this.stock.findOneByOrFail({ sku })).left;
  }
}
