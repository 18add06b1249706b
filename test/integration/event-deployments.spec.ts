import pg from 'pg';
import { DurableEvent, DurableService, OnDurableEvent, type Published } from '../../lib/index.js';
import { Stage, type Staged } from '../support/stage.js';
import { until } from '../support/until.js';

@DurableEvent('shop.opened')
class ShopOpened {
  constructor(readonly name: string) {}
}

let heard: string[] = [];
const hear = (handler: string) => async (event: ShopOpened) => void heard.push(`${handler} ${event.name}`);

@DurableService({ name: 'Shops' })
class Shops1 {
  @OnDurableEvent(ShopOpened)
  kept(event: ShopOpened): Promise<void> {
    return hear('kept')(event);
  }

  @OnDurableEvent(ShopOpened)
  gone(event: ShopOpened): Promise<void> {
    return hear('gone')(event);
  }
}

/** The next version: one handler is gone, one has its events in another way, one is new, by a predicate. */
@DurableService({ name: 'Shops' })
class Shops2 {
  @OnDurableEvent((_: object, { name }) => name === 'shop.opened')
  kept(event: ShopOpened): Promise<void> {
    return hear('kept')(event);
  }

  @OnDurableEvent((event: Partial<ShopOpened>) => event.name !== undefined)
  added(event: ShopOpened): Promise<void> {
    return hear('added')(event);
  }
}

describe('two versions of an application side by side', () => {
  let stage: Stage;
  let publisher: Staged;
  beforeEach(async () => {
    heard = [];
    stage = await Stage.open('PostgreSQL and Redis');
    publisher = await stage.start({ durable: { worker: false } });
  });
  afterEach(() => stage.close());

  const old = (): Promise<Staged> => stage.start({ providers: [Shops1] });
  const next = (): Promise<Staged> => stage.start({ providers: [Shops2] });
  const publish = (name: string): Promise<Published> => publisher.client.publish(new ShopOpened(name));
  /** Handlers that have heard of an event, in the end. */
  const heardOf = async (name: string, handlers: readonly string[]): Promise<void> => {
    const now = (): string[] => heard.filter(line => line.endsWith(` ${name}`)).sort();
    await until(`${handlers.join()} hear of ${name}`, () => now().length >= handlers.length);
    expect(now()).toEqual([...handlers].sort().map(handler => `${handler} ${name}`));
  };

  /** A worker that had one which it does not know has given it back for 10 s: they are over. */
  const hasten = async (): Promise<void> => {
    const database = new pg.Client(stage.url);
    await database.connect();
    await database.query(
      `update durable.invocation set due_at = now() where status = 'scheduled' and due_at > now()`,
    );
    await database.end();
  };

  it('each have what they know, once, whoever stops and starts', async () => {
    const first = await old();
    await publish('a');
    const second = await next();
    await publish('b');
    await second.close();
    // The new version is known, although only the old one runs: it gets what is its own when it is back.
    await publish('c');
    const again = await next();
    await publish('d');
    await first.close();
    await publish('e');
    await again.close();
    await publish('f');
    await next();
    const isHeard = (name: string): boolean =>
      heard.includes(`kept ${name}`) && (name === 'a' || heard.includes(`added ${name}`));
    const isAllHeard = async (): Promise<boolean> => {
      await hasten();
      return [...'abcdef'].every(isHeard);
    };
    await until('all is heard', isAllHeard, 30_000);
    expect(new Set(heard).size).toBe(heard.length);
    expect(heard).not.toContain('added a');
    expect(heard).toContain('gone a');
    for (const name of 'ef') expect(heard).not.toContain(`gone ${name}`);
    // What only the old version can do waits for it; nothing else does.
    const isOver = async (): Promise<boolean> =>
      (await publisher.client.list({ service: 'Shops', limit: 200 })).items.every(
        ({ status, handler }) => status === 'completed' || handler === 'gone',
      );
    await until('all is over', isOver);
  });

  it('leave nothing of what the last version took out, and have it back after a rollback', async () => {
    const first = await old();
    await first.close();
    const second = await next();
    const { invocations } = await publish('after');
    expect(invocations).toHaveLength(2);
    await heardOf('after', ['kept', 'added']);
    await second.close();
    await old();
    expect((await publish('back')).invocations).toHaveLength(2);
    await heardOf('back', ['kept', 'gone']);
  });

  it('are both asked from the end of their start on', async () => {
    expect((await publish('before')).invocations).toEqual([]);
    await old();
    expect((await publish('now')).invocations).toHaveLength(2);
    await heardOf('now', ['kept', 'gone']);
    expect(heard).toHaveLength(2);
  });
});
