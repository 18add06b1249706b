import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { DurableContext, DurableService, Handler } from 'nestjs-durable';
import { CheckoutDto } from './checkout.dto.js';
import { Mailer } from './mailer.js';
import { type Payment, PaymentGateway } from './payment.gateway.js';
import { type Parcel, WarehouseService } from './warehouse.service.js';

export interface Receipt {
  readonly number: string;
  readonly paymentId: string;
  readonly parcelId: string;
  readonly issuedAt: Date;
}

@DurableService()
export class OrderService {
  private readonly logger = new Logger(OrderService.name);

  constructor(
    private readonly payments: PaymentGateway,
    private readonly warehouse: WarehouseService,
    private readonly mailer: Mailer,
    private readonly durable: DurableContext,
  ) {}

  /** Kill the process at any line: started again, it goes on there, and repeats no step that has a result. */
  @Handler()
  async checkout(order: CheckoutDto): Promise<Receipt> {
    const payment = await this.payments.charge(order);
    let parcel: Parcel;
    try {
      parcel = await this.warehouse.reserve(order);
    } catch (error) {
      await this.payments.refund(payment);
      throw error;
    }
    // What would differ the next time, such as a random number or the clock, is a step as well.
    const receipt = await this.durable.run('receipt', () => this.writeReceipt(payment, parcel));
    await this.mailer.confirm(order, receipt);
    return receipt;
  }

  private writeReceipt(payment: Payment, parcel: Parcel): Receipt {
    const number = `R-${randomUUID().slice(0, 8)}`;
    this.logger.log(`receipt ${number}`);
    return { number, paymentId: payment.id, parcelId: parcel.id, issuedAt: new Date() };
  }
}
