import { setTimeout } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { DurableContext, DurableService, Handler, Step, TerminalError } from 'nestjs-durable';

/** What one shop has to say: an invocation of its own for each, with steps, retries and a journal of its own. */
@DurableService()
export class ShopService {
  private readonly logger = new Logger(ShopService.name);

  constructor(private readonly durable: DurableContext) {}

  /** @throws TerminalError when the shop is closed */
  @Handler()
  async turnover(shop: string): Promise<number> {
    const receipts = await this.receipts(shop);
    return receipts.reduce((sum, receipt) => sum + receipt, 0);
  }

  /** Stands for a request to the shop. */
  @Step({ retry: { maxAttempts: 3, initialDelay: '100ms' }, timeout: '5s' })
  async receipts(shop: string): Promise<number[]> {
    this.logger.log(`ask ${shop} for its receipts`);
    await setTimeout(300, undefined, { signal: this.durable.abortSignal });
    if (shop.startsWith('closed')) throw new TerminalError(`${shop} does not exist any more`);
    return [...shop].map((_, hour) => 10 * (hour + 1));
  }
}
