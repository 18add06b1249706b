import { v7 as uuid } from 'uuid';
import type { Subscription } from '../../../lib/ports/store.js';
import { tick } from './scene.js';
import type { Scene } from './scene.js';

/** A version of an application: the handlers that it has for an event. */
type Version = readonly string[];

/** Subscriptions: what is published finds the handlers of those that work, and of those that did. */
export function describeSubscriptions(scene: () => Scene): void {
  /** A service of its own for a test, with an event of its own. */
  const fleet = () => {
    const { store } = scene();
    const service = `fleet-${uuid()}`;
    const event = `event-${uuid()}`;
    const of = (version: Version, name = event): Subscription[] =>
      version.map(handler => ({ event: name, service, handler }));
    const start = async (id: string, version: Version, leaseMs = 60_000, name = event): Promise<void> => {
      await tick();
      const worker = { id: `${service} ${id}`, host: 'host', pid: 1, services: ['other', service] };
      await store.register({ ...worker, subscriptions: of(version, name) }, leaseMs);
    };
    const stop = (id: string): Promise<void> => store.deregister(`${service} ${id}`);
    const reap = async (): Promise<void> => {
      await tick();
      await store.reap({ maxDeaths: 100_000, limit: 100_000 });
    };
    /** Ends without a word: its lease is over. */
    const kill = async (id: string, version: Version): Promise<void> => {
      const worker = { id: `${service} ${id}`, host: 'host', pid: 1, services: [service] };
      await store.register({ ...worker, subscriptions: of(version) }, 0);
      await reap();
    };
    const found = async (...events: string[]): Promise<string[]> =>
      (await store.subscribers(events.length > 0 ? events : [event]))
        .filter(one => one.service === service)
        .map(({ handler }) => handler);
    return { store, service, event, start, stop, kill, reap, found };
  };

  describe('the subscriptions to an event', () => {
    test('are those of its name and those to all, each once, whoever declares them', async () => {
      const { event, start, found } = fleet();
      await start('one', ['b', 'a']);
      await start('two', ['a', 'b']);
      await start('three', ['c'], 60_000, '*');
      await start('four', ['d'], 60_000, `${event}.other`);
      expect(await found()).toEqual(['a', 'b', 'c']);
      expect(await found(event, `${event}.other`)).toEqual(['a', 'b', 'c', 'd']);
      expect(await found(`no-${event}`)).toEqual(['c']);
    });

    test('are there as soon as the worker is, and a repetition changes nothing', async () => {
      const { start, found, stop } = fleet();
      expect(await found()).toEqual([]);
      await start('one', ['a']);
      await start('one', ['a']);
      expect(await found()).toEqual(['a']);
      await stop('one');
      expect(await found()).toEqual(['a']);
    });

    test('outlive all workers, those that end in an orderly way and those that die', async () => {
      const { start, stop, kill, reap, found } = fleet();
      await start('one', ['a']);
      await start('two', ['a', 'b']);
      await stop('one');
      await kill('two', ['a', 'b']);
      await reap();
      expect(await found()).toEqual(['a', 'b']);
    });

    test('end with the first worker that serves their service without them, when nobody else has them', async () => {
      const { start, stop, found } = fleet();
      await start('old', ['a', 'b']);
      await stop('old');
      await start('new', ['a']);
      expect(await found()).toEqual(['a']);
    });

    test('end with their last worker, when a younger one has the last word', async () => {
      for (const end of ['stop', 'kill'] as const) {
        const { start, found, ...ways } = fleet();
        await start('old 1', ['a', 'b']);
        await start('old 2', ['a', 'b']);
        await start('new', ['b', 'c']);
        expect(await found()).toEqual(['a', 'b', 'c']);
        await ways[end]('old 1', ['a', 'b']);
        expect(await found()).toEqual(['a', 'b', 'c']);
        await ways[end]('old 2', ['a', 'b']);
        expect(await found()).toEqual(['b', 'c']);
      }
    });

    test('stay when their worker ends beside an older one, which never heard of them', async () => {
      for (const end of ['stop', 'kill'] as const) {
        const { start, reap, found, ...ways } = fleet();
        await start('old', ['a']);
        await start('new', ['a', 'b']);
        await ways[end]('new', ['a', 'b']);
        await reap();
        expect(await found()).toEqual(['a', 'b']);
      }
    });

    test("of another service are nobody else's business", async () => {
      const one = fleet();
      const other = fleet();
      await one.start('one', ['a']);
      await one.stop('one');
      await other.start('other', ['b']);
      await other.reap();
      expect(await one.found()).toEqual(['a']);
    });

    test('of two versions that restart in any order are never fewer than those that both have', async () => {
      const { start, stop, kill, found } = fleet();
      const versions: Record<string, Version> = { old: ['kept', 'gone'], new: ['kept', 'added'] };
      await start('old', versions['old']!);
      for (let move = 0; move < 40; move++) {
        const id = Math.random() < 0.5 ? 'old' : 'new';
        const version = versions[id]!;
        const act = Math.floor(Math.random() * 3);
        if (act === 0) await start(id, version);
        else if (act === 1) await stop(id);
        else await kill(id, version);
        const handlers = await found();
        expect(handlers).toContain('kept');
        // Who has started last is heard, whether it lives or not.
        if (act === 0) expect(handlers).toEqual(expect.arrayContaining([...version]));
      }
      await stop('old');
      await stop('new');
      await start('last', versions['new']!);
      expect(await found()).toEqual(['added', 'kept']);
    });
  });
}
