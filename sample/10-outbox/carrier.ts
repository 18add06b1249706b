import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { DurableContext, Step } from 'nestjs-durable';

/** Somebody else's service: no transaction reaches it, so it is asked at least once, with a key of the step. */
@Injectable()
export class Carrier {
  private readonly logger = new Logger(Carrier.name);

  constructor(private readonly durable: DurableContext) {}

  @Step()
  async label(order: number): Promise<string> {
    this.logger.log(`asked for a label of order ${order}`);
    await sleep(Number(process.env.CARRIER_DELAY ?? 0));
    return `label ${this.durable.step?.idempotencyKey}`;
  }
}
