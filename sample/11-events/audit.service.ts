import { Logger } from '@nestjs/common';
import { DurableContext, DurableService, OnDurableEvent } from 'nestjs-durable';

/** Subscribed by a predicate: to whatever happens to users, now and in versions to come. */
@DurableService()
export class AuditService {
  private readonly logger = new Logger('Audit');

  constructor(private readonly durable: DurableContext) {}

  @OnDurableEvent((_event, { name }) => name.startsWith('user.'))
  async record(event: object): Promise<void> {
    await this.durable.run('write', () => this.logger.log(`audit ${JSON.stringify(event)}`));
  }
}
