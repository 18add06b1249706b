import { DurableService, Handler } from 'nestjs-durable';
import { Carrier } from './carrier.js';
import { Warehouse } from './warehouse.js';

@DurableService()
export class ShippingService {
  constructor(
    private readonly warehouse: Warehouse,
    private readonly carrier: Carrier,
  ) {}

  @Handler()
  async ship(order: number): Promise<string> {
    const { status } = await this.warehouse.pack(order);
    if (status === 'sold out') return status;
    const label = await this.carrier.label(order);
    await this.warehouse.shipped(order, label);
    return label;
  }
}
