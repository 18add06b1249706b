import { ObjectState, OnDurableEvent, Shared, VirtualObject } from 'nestjs-durable';
import { UserSignedUp } from './user-signed-up.event.js';

/** Subscribed as an object: the event says which one has it. Two users of one country are counted one after the other. */
@VirtualObject()
export class Country {
  constructor(private readonly state: ObjectState<{ users: number }>) {}

  @OnDurableEvent(UserSignedUp, { key: ({ country }) => country })
  async count(): Promise<void> {
    await this.state.update('users', (users = 0) => users + 1);
  }

  @Shared()
  async users(): Promise<number> {
    return this.state.get('users') ?? 0;
  }
}
