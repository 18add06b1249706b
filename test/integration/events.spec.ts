import { IsEmail, IsInt, IsPositive, ValidateNested } from 'class-validator';
import { Type } from 'class-transformer';
import {
  DurableContext,
  DurableEvent,
  DurableService,
  Handler,
  ObjectState,
  OnDurableEvent,
  type Published,
  Shared,
  VirtualObject,
} from '../../lib/index.js';
import { eventInvocationId } from '../../lib/codec/identity.js';
import { BACKENDS, Stage, type Staged } from '../support/stage.js';
import { until } from '../support/until.js';

class Plan {
  @IsInt()
  @IsPositive()
  readonly seats!: number;
}

@DurableEvent('user.signup')
class UserSignedUp {
  @IsEmail()
  readonly email!: string;
  @ValidateNested({ each: true })
  @Type(() => Plan)
  readonly plans: Plan[] = [];

  domain(): string {
    return this.email.split('@')[1] ?? '';
  }
}

/** A class with a constructor that cannot do without its argument, and without any rule. */
@DurableEvent('user.left')
class UserLeft {
  readonly email: string;
  readonly at: Date;

  constructor(of: { email: string; at: Date }) {
    this.email = of.email;
    this.at = of.at;
  }
}

@DurableEvent('nobody.cares')
class Unheard {}

/** What handlers got, as `handler: what`. */
let heard: string[] = [];
let broken = false;

@DurableService()
class Mails {
  @OnDurableEvent(UserSignedUp)
  async welcome(event: UserSignedUp): Promise<string> {
    heard.push(`welcome: ${event.domain()} ${event instanceof UserSignedUp}`);
    return event.email;
  }

  @Handler({ name: 'farewell' })
  @OnDurableEvent(['user.left', UserSignedUp])
  async either(event: UserLeft | UserSignedUp): Promise<void> {
    heard.push(`farewell: ${event.constructor.name} ${event.email}`);
  }
}

@DurableService()
class Statistics {
  constructor(private readonly durable: DurableContext) {}

  @OnDurableEvent<UserLeft>('user.left')
  async left(event: UserLeft): Promise<boolean> {
    heard.push(`left: ${event.at.toISOString()} ${this.durable.invocation.handler}`);
    return event instanceof UserLeft;
  }

  @OnDurableEvent((event: { email?: string }, { name }) => {
    if (broken && event.email === 'broken@b.de') throw new Error('the predicate is broken');
    return name.startsWith('user.') && event.email?.startsWith('vip') === true;
  })
  @Handler({ retry: { maxAttempts: 2, initialDelay: 0 } })
  async important(event: { email: string }): Promise<void> {
    heard.push(`important: ${event.email}`);
  }
}

@VirtualObject()
class Profile {
  constructor(private readonly state: ObjectState<{ log: string[] }>) {}

  @OnDurableEvent<UserSignedUp | UserLeft>([UserSignedUp, UserLeft], { key: event => event.email })
  async note(event: UserSignedUp | UserLeft): Promise<void> {
    await this.state.update('log', (log = []) => [...log, event.constructor.name]);
  }

  @Shared()
  async log(): Promise<string[]> {
    return this.state.get('log') ?? [];
  }
}

@DurableService()
class Registration {
  constructor(private readonly durable: DurableContext) {}

  @Handler()
  async register(email: string, fails = false): Promise<Published[]> {
    const one = await this.durable.publish(UserSignedUp, { email, plans: [] });
    const other = await this.durable.publish(new UserLeft({ email, at: new Date(0) }), { id: email });
    if (fails && this.durable.attempt === 1) throw new Error('again');
    return [one, other];
  }

  @Handler()
  async invalid(email: string): Promise<unknown> {
    return this.durable
      .publish(UserSignedUp, { email, plans: [{ seats: 0 }] })
      .catch((error: { code: string; details: unknown }) => [error.code, error.details]);
  }

  @Handler()
  async careless(email: string): Promise<void> {
    void this.durable.publish(new UserLeft({ email, at: new Date(0) }));
  }
}

const SUBSCRIBERS = [Mails, Statistics, Profile];
const signup = (email: string) => ({ email, plans: [{ seats: 1 }] });

describe.each(BACKENDS)('events on %s', backend => {
  let stage: Stage;
  let one: Staged;
  beforeAll(async () => {
    stage = await Stage.open(backend);
    one = await stage.start({ providers: [...SUBSCRIBERS, Registration] });
  });
  afterAll(() => stage.close());
  beforeEach(() => {
    heard = [];
  });

  /** Resolves when all is over that is under way. */
  const settled = async (): Promise<void> =>
    until('all is over', async () => {
      const { items } = await one.client.list({ limit: 1000 });
      return items.every(({ status }) => ['completed', 'failed', 'cancelled'].includes(status));
    });
  const sorted = async (): Promise<string[]> => {
    await settled();
    return [...heard].sort();
  };

  it('come to every handler that fits, as instances of their class', async () => {
    const published = await one.client.publish(UserSignedUp, signup('ada@b.de'));
    expect(published.invocations).toHaveLength(4);
    const [, first] = published.invocations;
    expect(await one.client.get(first!).result({ timeout: '20s' })).toBe('ada@b.de');
    expect(await sorted()).toEqual(['farewell: UserSignedUp ada@b.de', 'welcome: b.de true']);
    const infos = await Promise.all(published.invocations.map(id => one.client.get(id).status()));
    expect(infos.map(({ service, handler }) => `${service}.${handler}`)).toEqual([
      'Mails.farewell',
      'Mails.welcome',
      'Profile.$route.note',
      'Statistics.$route.important',
    ]);
    expect(await one.client.call(Profile, { key: 'ada@b.de' }).log()).toEqual(['UserSignedUp']);
  });

  it('may be instances, of classes without rules, and with constructors of their own', async () => {
    await one.client.publish(new UserLeft({ email: 'vip@b.de', at: new Date(5) }));
    expect(await sorted()).toEqual([
      'farewell: UserLeft vip@b.de',
      'important: vip@b.de',
      'left: 1970-01-01T00:00:00.005Z left',
    ]);
    expect(await one.client.call(Profile, { key: 'vip@b.de' }).log()).toEqual(['UserLeft']);
  });

  it('that nobody has subscribed to are accepted, and store nothing but the questions of predicates', async () => {
    const { id, invocations } = await one.client.publish(new Unheard());
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    const infos = await Promise.all(invocations.map(each => one.client.get(each).status()));
    expect(infos.map(({ handler }) => handler)).toEqual(['$route.important']);
    expect(await sorted()).toEqual([]);
  });

  it('that break the rules of their class are refused with all that is wrong, and nothing is stored', async () => {
    const bad = { email: 'no mail', plans: [{ seats: 1 }, { seats: -1 }] };
    const before = await one.client.list({ limit: 1000 });
    await expect(one.client.publish(UserSignedUp, bad)).rejects.toMatchObject({
      code: 'DURABLE_INVALID_EVENT',
      event: 'user.signup',
      details: [
        { path: 'email', messages: ['email must be an email'] },
        { path: 'plans[1].seats', messages: ['seats must be a positive number'] },
      ],
    });
    await expect(one.client.publish(Object.assign(new UserSignedUp(), { email: 1 }))).rejects.toThrow(
      'email',
    );
    const after = await one.client.list({ limit: 1000 });
    expect(after.items.length).toBe(before.items.length);
  });

  it('of one id come once to each handler, however often they are published', async () => {
    const event = signup('once@b.de');
    const all = await Promise.all(
      Array.from({ length: 20 }, () => one.client.publish(UserSignedUp, event, { id: 'once' })),
    );
    expect(new Set(all.map(({ invocations }) => invocations.join())).size).toBe(1);
    expect(all[0]).toMatchObject({ id: 'once' });
    expect(await sorted()).toEqual(['farewell: UserSignedUp once@b.de', 'welcome: b.de true']);
    await expect(
      one.client.publish(UserSignedUp, signup('other@b.de'), { id: 'once' }),
    ).rejects.toMatchObject({ code: 'DURABLE_IDEMPOTENCY_CONFLICT' });
    // Another event of the same id is another one.
    await one.client.publish(new UserLeft({ email: 'once@b.de', at: new Date(0) }), { id: 'once' });
    expect(await sorted()).toHaveLength(4);
  });

  it('of a handler are published once, whatever becomes of its attempts', async () => {
    const handle = await one.client.send(Registration).register('handler@b.de', true);
    const published = await handle.result({ timeout: '20s' });
    expect(published.map(({ invocations }) => invocations.length)).toEqual([4, 4]);
    expect(published[1]?.id).toBe('handler@b.de');
    expect(await sorted()).toEqual([
      'farewell: UserLeft handler@b.de',
      'farewell: UserSignedUp handler@b.de',
      'left: 1970-01-01T00:00:00.000Z left',
      'welcome: b.de true',
    ]);
    const { items } = await one.client.list({ parent: handle.id });
    expect(items.map(({ id }) => id).sort()).toEqual(
      published.flatMap(({ invocations }) => invocations).sort(),
    );
    const journal = await one.client.journal(handle.id);
    expect(journal.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      'publish user.signup',
      'publish user.left',
    ]);
  });

  it('of a handler that does not wait for it are published all the same', async () => {
    await one.client.call(Registration, { timeout: '20s' }).careless('careless@b.de');
    await until('it is heard', () => heard.length === 2);
  });

  it('of a handler that break their rules are refused there, the same on every replay', async () => {
    expect(await one.client.call(Registration, { timeout: '20s' }).invalid('no mail')).toEqual([
      'DURABLE_INVALID_EVENT',
      [
        { path: 'email', messages: ['email must be an email'] },
        { path: 'plans[0].seats', messages: ['seats must be a positive number'] },
      ],
    ]);
  });

  it('fail visibly where a predicate throws, and hold up nobody else; a retry by hand goes on', async () => {
    broken = true;
    try {
      const { invocations } = await one.client.publish(UserSignedUp, signup('broken@b.de'));
      expect(await sorted()).toHaveLength(2);
      const infos = await Promise.all(invocations.map(id => one.client.get(id).status()));
      const failed = infos.filter(({ status }) => status === 'failed');
      expect(failed).toMatchObject([{ handler: '$route.important', failedAttempts: 2 }]);
      expect(failed[0]?.error?.message).toBe('the predicate is broken');
      broken = false;
      await one.client.retry(failed[0]!.id);
      await one.client.get(failed[0]!.id).result({ timeout: '20s' });
    } finally {
      broken = false;
    }
  });

  it('call their handlers by ids that follow from the event', async () => {
    const { id, invocations } = await one.client.publish(UserSignedUp, signup('vip.id@b.de'));
    expect(invocations).toContain(eventInvocationId('user.signup', id, 'Mails', 'welcome'));
    await settled();
    const routed = eventInvocationId('user.signup', id, 'Statistics', 'important');
    expect(await one.client.get(routed).status()).toMatchObject({ status: 'completed' });
  });

  it('wait for handlers that nobody runs at the moment', async () => {
    await one.close();
    const publisher = await stage.start({ durable: { worker: false } });
    const { invocations } = await publisher.client.publish(UserSignedUp, signup('later@b.de'));
    expect(invocations).toHaveLength(4);
    await publisher.close();
    one = await stage.start({ providers: [...SUBSCRIBERS, Registration] });
    await until('it is heard', () => heard.length === 2);
  });
});
