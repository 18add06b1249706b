import { DurableContext, DurableService, OnDurableEvent } from 'nestjs-durable';
import { Mailer } from './mailer.js';
import { UserSignedUp } from './user-signed-up.event.js';

/** Subscribed by its class: has an invocation of its own for each event, with steps, timers and retries. */
@DurableService()
export class WelcomeService {
  constructor(
    private readonly mailer: Mailer,
    private readonly durable: DurableContext,
  ) {}

  @OnDurableEvent(UserSignedUp)
  async welcome({ email }: UserSignedUp): Promise<void> {
    await this.mailer.send(email, 'Welcome');
    await this.durable.sleep('2s');
    await this.mailer.send(email, 'How do you like it?');
  }
}
