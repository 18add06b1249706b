import { v7 as uuid } from 'uuid';
import type { Lease, Reaped } from '../../../lib/ports/store.js';
import { poisonError, tick, times } from './scene.js';
import type { Scene } from './scene.js';

const MANY = 100_000;

/** Workers: their leases, and what becomes of what they leave behind. */
export function describeWorkers(scene: () => Scene): void {
  /** A scene on a store in which nothing is orphaned. */
  const clean = async () => {
    const s = scene();
    while ((await s.store.reap({ maxDeaths: MANY, limit: MANY })).reaped.length > 0);
    return s;
  };
  const reap = async (s: Scene, maxDeaths = 3): Promise<Reaped[]> => {
    await tick();
    return (await s.store.reap({ maxDeaths, limit: MANY })).reaped;
  };

  describe('the lease of a worker', () => {
    test('is renewed while it lives', async () => {
      const s = await clean();
      await s.register(0);
      expect(await s.store.renew(s.worker, 60_000)).toBe('ok');
      await s.running();
      expect(await reap(s)).toEqual([]);
    });

    test('cannot be renewed once it was reaped, ended, or never began', async () => {
      const s = await clean();
      await s.register(0);
      await reap(s);
      expect(await s.store.renew(s.worker, 60_000)).toBe('fenced');
      await s.register(60_000);
      expect(await s.store.renew(s.worker, 60_000)).toBe('ok');
      await s.store.deregister(s.worker);
      await s.store.deregister(s.worker);
      expect(await s.store.renew(s.worker, 60_000)).toBe('fenced');
      expect(await s.store.renew(`nobody-${uuid()}`, 60_000)).toBe('fenced');
    });

    test('may be started twice', async () => {
      const s = await clean();
      await s.register(0);
      await s.register(60_000);
      await s.running();
      expect(await reap(s)).toEqual([]);
    });
  });

  describe('a reap', () => {
    test('takes what a worker left that did not renew in time: due at once, a death counted', async () => {
      const s = await clean();
      await s.register(0);
      const { invocationId: id } = await s.running({ origin: 'client-3' });
      const { service } = s;
      expect(await reap(s)).toEqual([{ id, service, status: 'scheduled', origin: 'client-3' }]);
      expect(await s.record(id)).toMatchObject({ status: 'scheduled', epoch: 2, owner: null, deaths: 1 });
      expect((await s.claim(id)).claimed).toMatchObject([{ deaths: 1, lease: { epoch: 3 } }]);
    });

    test('takes what a worker left that deregistered, at once', async () => {
      const s = await clean();
      await s.register(60_000);
      const { invocationId: id } = await s.running();
      expect(await reap(s)).toEqual([]);
      await s.store.deregister(s.worker);
      expect(await reap(s)).toMatchObject([{ id }]);
      expect(await reap(s)).toEqual([]);
    });

    test('leaves alone what waits or is over', async () => {
      const s = await clean();
      for (const status of ['scheduled', 'suspended', 'paused', 'completed'] as const) await s.ended(status);
      await s.scheduled();
      expect(await reap(s)).toEqual([]);
    });

    test('takes no more than its limit at a time, and all in the end', async () => {
      const s = await clean();
      const leases = await Promise.all(times(5, () => s.running()));
      const taken: string[] = [];
      for (const count of [2, 2, 1, 0]) {
        const { reaped } = await s.store.reap({ maxDeaths: 3, limit: 2 });
        expect(reaped).toHaveLength(count);
        taken.push(...reaped.map(({ id }) => id));
      }
      expect(taken.sort()).toEqual(leases.map(({ invocationId }) => invocationId).sort());
    });
  });

  describe('an invocation that kills its workers', () => {
    /** Lets its worker die, and another claim it. */
    const die = async (s: Scene, lease: Lease): Promise<Lease> => {
      expect(await reap(s)).toMatchObject([{ id: lease.invocationId, status: 'scheduled' }]);
      return s.take(lease.invocationId);
    };

    test('fails after as many deaths in a row as allowed, with the step that was in flight', async () => {
      const s = await clean();
      let lease = await s.running();
      await s.write(
        s.delivered(lease, 0),
        s.entry(lease, 1, { name: 'first' }),
        s.entry(lease, 2, { name: 'last' }),
      );
      lease = await die(s, lease);
      lease = await die(s, lease);
      const { invocationId: id } = lease;
      expect(await reap(s)).toMatchObject([{ id, status: 'failed', origin: 'client-1' }]);
      const error = poisonError({ invocationId: id, deaths: 3, step: 'last' });
      const expected = { status: 'failed', deaths: 3, owner: null, dueAt: null, error, epoch: 6 };
      expect(await s.record(id)).toMatchObject({ ...expected, finishedAt: expect.any(Date) as unknown });
      expect(await s.store.outcomes([id])).toEqual([{ id, status: 'failed', output: null, error }]);
      expect(await s.claim(id)).toEqual({ claimed: [], early: [] });
    });

    test('fails without a step where none was in flight', async () => {
      const s = await clean();
      const { invocationId } = await s.running();
      const other = await s.running();
      await s.write(s.entry(other, 0, { name: 'open' }));
      expect(await reap(s, 1)).toHaveLength(2);
      expect((await s.record(invocationId)).error).toBe(poisonError({ invocationId, deaths: 1 }));
      const named = poisonError({ invocationId: other.invocationId, deaths: 1, step: 'open' });
      expect((await s.record(other.invocationId)).error).toBe(named);
    });

    test('is given a new count by each settled entry, and by nothing else', async () => {
      const s = await clean();
      let lease = await s.running();
      const deaths: number[] = [];
      for (const write of ['none', 'open', 'settled', 'again', 'delivered', 'none', 'failure'] as const) {
        if (write === 'open') await s.write(s.entry(lease, 0));
        if (write === 'settled') await s.write(s.entry(lease, 0, { outcome: 'ok' }));
        if (write === 'again') await s.write(s.entry(lease, 0, { outcome: 'ok', value: '2' }));
        if (write === 'delivered') await s.write(s.delivered(lease, 0));
        if (write === 'failure') await s.write(s.entry(lease, 1, { outcome: 'error' }));
        expect(await reap(s, MANY)).toHaveLength(1);
        deaths.push((await s.record(lease.invocationId)).deaths);
        lease = await s.take(lease.invocationId);
      }
      expect(deaths).toEqual([1, 2, 1, 2, 3, 4, 1]);
    });
  });

  describe('releasing strays', () => {
    test('gives back what the worker owns and does not drive, and nothing else', async () => {
      const s = await clean();
      const leases = await Promise.all(times(4, () => s.running()));
      const [stray, lost, ...driving] = leases.map(({ invocationId }) => invocationId);
      await s.running({ owner: `${s.worker}-other` });
      await s.ended('completed');
      await tick();
      const release = { workerId: s.worker, driving, olderThanMs: 0 };
      const { service } = s;
      const released = await s.store.releaseStray(release);
      expect(released.map(({ id }) => id).sort()).toEqual([stray, lost].sort());
      expect(released[0]).toEqual({ id: expect.any(String) as unknown, service });
      expect(await s.record(stray!)).toMatchObject({ status: 'scheduled', owner: null, deaths: 0 });
      expect(await s.write(s.entry(leases[0]!, 0), s.entry(leases[2]!, 0))).toEqual(['fenced', 'ok']);
      expect((await s.claim(stray!)).claimed).toMatchObject([{ lease: { epoch: 2 } }]);
    });

    test('leaves young leases alone, for their answer may be on its way', async () => {
      const s = scene();
      await s.running();
      await tick();
      const release = { workerId: s.worker, driving: [], olderThanMs: 60_000 };
      expect(await s.store.releaseStray(release)).toEqual([]);
      expect(await s.store.releaseStray({ ...release, olderThanMs: 0 })).toHaveLength(1);
    });
  });
}
