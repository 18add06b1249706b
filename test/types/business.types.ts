/**
 * What the compiler says of events, schedules, sagas, transactions and orders. Nothing here runs: `tsc` checks it with
 * the other tests, and a wrong use that compiles is an unused `@ts-expect-error`.
 */
import type { EntityManager } from 'typeorm';
import {
  DurableEvent,
  DurableService,
  Handler,
  OnDurableEvent,
  Schedule,
  Step,
  type DurableClient,
  type DurableContext,
  type InvocationHandle,
} from '../../lib/index.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Compiles only if a value has just this type. */
declare function exactly<E>(): <A>(
  value: A,
  ...same: Equal<A, E> extends true ? [] : ['not the same']
) => void;

@DurableEvent('user.signup')
class UserSignedUp {
  readonly email!: string;

  domain(): string {
    return this.email.split('@')[1] ?? '';
  }
}

@DurableService()
class Office {
  @OnDurableEvent(UserSignedUp, { key: event => event.email })
  async welcome(event: UserSignedUp): Promise<string> {
    return event.domain();
  }

  @Schedule({ every: '15m' }, { overlap: 'queue', catchUp: '6h', args: ['eu'] })
  @Handler()
  async report(region: string): Promise<number> {
    return region.length;
  }

  @Step({
    compensate: { method: 'undo', retry: { maxAttempts: 3 } },
    transaction: { isolation: 'SERIALIZABLE' },
  })
  async work(): Promise<void> {
    await this.undo();
  }

  async undo(): Promise<void> {
    await Promise.resolve();
  }
}

declare const client: DurableClient;
declare const durable: DurableContext;
declare const manager: EntityManager;

/** Right uses, with the exact types of what they give. */
export async function right(): Promise<void> {
  const { id, invocations } = await client.publish(UserSignedUp, { email: 'a@b' }, { id: '1' });
  exactly<string>()(id);
  exactly<readonly string[]>()(invocations);
  await client.publish(new UserSignedUp());
  exactly<readonly string[]>()((await durable.publish(UserSignedUp, { email: 'a@b' })).invocations);
  const info = await client.schedules.create(Office, { name: 'eu', cron: '@daily' }).report('eu');
  exactly<string>()(info.name);
  const handle = await client.schedules.trigger<number>('eu');
  exactly<InvocationHandle<number>>()(handle);
  exactly<number>()(await handle.result());
  await client.send(Office, { transaction: manager, deadline: '2h' }).report('eu');
  await client.send(Office, { deadline: new Date() }).report('eu');
  exactly<InvocationHandle<number>>()(await client.restart<number>(id, { from: 3 }));
  exactly<number>()(await durable.run('n', () => 1, { transaction: true }));
  durable.compensate('undo', () => undefined, { retry: { maxAttempts: 2 }, timeout: '1s' });
}

/** Wrong uses. */
export async function wrong(): Promise<void> {
  // @ts-expect-error -- not the data of the class
  await client.publish(UserSignedUp, { mail: 'a@b' });
  // @ts-expect-error -- a method is no data
  await client.publish(UserSignedUp, { email: 'a@b', domain: 'b' });
  // @ts-expect-error -- a text is no event
  await client.publish('user.signup');
  // @ts-expect-error -- not the arguments of the handler
  await client.schedules.create(Office, { name: 'eu', cron: '@daily' }).report(1);
  // @ts-expect-error -- no such overlap
  Schedule('@daily', { overlap: 'wait' });
  // @ts-expect-error -- a joined call would wait for what is not committed
  await client.call(Office, { transaction: manager }).report('eu');
  // @ts-expect-error -- an index is a number
  await client.restart('id', { from: 'charge' });
  // @ts-expect-error -- an inline step is undone by compensate()
  await durable.run('n', () => 1, { compensate: 'undo' });
  // @ts-expect-error -- no such isolation
  Step({ transaction: { isolation: 'CHAOS' } });
}
