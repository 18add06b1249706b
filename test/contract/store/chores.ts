import { v7 as uuid } from 'uuid';
import type { Chores } from '../../../lib/ports/store.js';
import { PATIENCE_MS, tick } from './scene.js';
import type { Scene } from './scene.js';
import { until } from '../../support/until.js';

const NOTHING = { reap: false, stranded: false, unanswered: false };
const MANY = 100_000;
const HOUR = 3_600_000;

/** Looks around: whether there is anything to do for whoever keeps house. */
export function describeChores(scene: () => Scene): void {
  /** Does what there is to do, so that nothing is left of other tests. */
  const tidy = async ({ store }: Scene): Promise<void> => {
    await tick();
    const isTidy = async (): Promise<boolean> => {
      while ((await store.reap({ maxDeaths: MANY, limit: MANY })).reaped.length > 0);
      await store.promote(await store.stranded(MANY), null);
      await store.answer(await store.unanswered(MANY));
      for (const id of (await store.overdue(MANY)).ids) await store.expire(id, () => '"late"');
      const { deadlineInMs, ...chores } = await store.lookAround();
      return deadlineInMs !== 0 && Object.values(chores).every(is => !is);
    };
    await until('nothing is left to do', isTidy, PATIENCE_MS);
  };
  /** A scene whose worker lives, on a store in which there is nothing to do. */
  const clean = async (): Promise<Scene> => {
    const s = scene();
    await s.register(60_000);
    await tidy(s);
    return s;
  };
  /** What there is to do now, but for deadlines: those that are to come stay. */
  const seen = async (s: Scene): Promise<Omit<Chores, 'deadlineInMs'>> => {
    await tick();
    const { reap, stranded, unanswered } = await s.store.lookAround();
    return { reap, stranded, unanswered };
  };

  describe('a look around', () => {
    test('sees nothing in a new store', async () => {
      expect(await scene().store.lookAround()).toEqual({ ...NOTHING, deadlineInMs: undefined });
    });

    test('sees nothing where all that is owned belongs to living workers, and what is over is of no concern', async () => {
      const s = await clean();
      const [object, target] = [s.object(), await s.running()];
      await s.accept(s.exclusive(object), s.exclusive(object));
      await s.store.attach({ invocationId: uuid(), index: 0 }, target.invocationId);
      await s.scheduled();
      for (const status of ['completed', 'suspended', 'paused'] as const) await s.ended(status);
      const other = `${s.worker} 2`;
      await s.register(60_000, other);
      await s.running({ owner: other });
      expect(await seen(s)).toEqual(NOTHING);
    });

    test('sees the lease of a worker that ran out, until it is reaped', async () => {
      const s = await clean();
      await s.register(0, `${s.worker} 2`);
      expect(await seen(s)).toEqual({ ...NOTHING, reap: true });
      await s.store.reap({ maxDeaths: 3, limit: MANY });
      expect(await seen(s)).toEqual(NOTHING);
    });

    // Owners are looked for in the order of their names.
    test.each([
      ['before all others', () => '0'],
      ['between two of them', (worker: string) => `${worker} 1a`],
      ['after all others', () => 'z'],
    ])('sees what belongs to no worker, until it is reaped: %s', async (_, ownerOf) => {
      const s = await clean();
      const others = [s.worker, `${s.worker} 1`, `${s.worker} 2`];
      for (const owner of others) await s.register(60_000, owner);
      for (const owner of [...others, ...others]) await s.running({ owner });
      expect(await seen(s)).toEqual(NOTHING);
      const { invocationId: id } = await s.running({ owner: ownerOf(s.worker) });
      expect(await seen(s)).toEqual({ ...NOTHING, reap: true });
      expect((await s.store.reap({ maxDeaths: 3, limit: MANY })).reaped).toMatchObject([{ id }]);
      expect(await seen(s)).toEqual(NOTHING);
    });

    test('sees subscriptions that a younger worker has ended', async () => {
      const s = await clean();
      const worker = { host: 'host', pid: 1, services: [s.service] };
      const old = `${s.worker} old`;
      const subscriptions = [{ event: uuid(), service: s.service, handler: 'run' }];
      await s.store.register({ ...worker, id: old, subscriptions }, 60_000);
      await tick();
      // The younger one is late with its renewal just as the old one ends.
      await s.store.register({ ...worker, id: `${s.worker} young` }, 0);
      await tick();
      await s.store.deregister(old);
      expect(await s.store.renew(`${s.worker} young`, 60_000)).toBe('ok');
      expect(await seen(s)).toEqual({ ...NOTHING, reap: true });
      await s.store.reap({ maxDeaths: 3, limit: MANY });
      expect(await seen(s)).toEqual(NOTHING);
      expect(await s.store.subscribers([subscriptions[0]!.event])).toEqual([]);
    });

    test('sees an object that nobody holds although somebody waits', async () => {
      const s = await clean();
      const object = s.object();
      const first = s.exclusive(object);
      await s.accept(first, s.exclusive(object));
      expect(await seen(s)).toEqual(NOTHING);
      const lease = { invocationId: first.id, epoch: 1 };
      await s.move(s.transition(lease, 'completed', { holds: object.id }));
      expect(await seen(s)).toEqual({ ...NOTHING, stranded: true });
      await s.store.promote([object.id], s.worker);
      expect(await seen(s)).toEqual(NOTHING);
    });

    test('sees an outcome for which an attached entry still waits', async () => {
      const s = await clean();
      const [target, waiter] = [await s.running(), await s.running()];
      await s.write(s.entry(waiter, 0, { kind: 'attach' }));
      await s.store.attach({ invocationId: waiter.invocationId, index: 0 }, target.invocationId);
      expect(await seen(s)).toEqual(NOTHING);
      await s.move(s.transition(target, 'completed', { output: '1' }));
      expect(await seen(s)).toEqual({ ...NOTHING, unanswered: true });
      await s.store.answer([target.invocationId]);
      expect(await seen(s)).toEqual(NOTHING);
    });

    test('says when the first deadline is, or that it is past', async () => {
      const s = await clean();
      await s.scheduled({ deadline: { ms: HOUR } });
      const { deadlineInMs } = await s.store.lookAround();
      expect(deadlineInMs).toBeGreaterThan(0);
      expect(deadlineInMs).toBeLessThanOrEqual(HOUR);
      const id = await s.scheduled({ deadline: { at: new Date(0) } });
      expect((await s.store.lookAround()).deadlineInMs).toBe(0);
      await s.store.expire(id, () => '"late"');
      expect((await s.store.lookAround()).deadlineInMs).toBeGreaterThan(0);
    });
  });
}
