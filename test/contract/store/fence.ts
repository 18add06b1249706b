import { v7 as uuid } from 'uuid';
import type { Batch, Lease } from '../../../lib/ports/store.js';
import { times } from './scene.js';
import type { Scene } from './scene.js';

/** Rules 2 and 3: what a lease allows, and what a repetition does. */
export function describeFence(scene: () => Scene): void {
  /** All that a reader can see of an invocation. */
  const look = async (s: Scene, id: string) => [await s.store.find(id), await s.journal(id)];

  describe('a write is fenced and changes nothing', () => {
    const STALE: Record<string, (s: Scene) => Promise<Lease>> = {
      'under an older epoch': async s => {
        const { invocationId } = await s.ended('suspended', { dueInMs: 0 });
        await s.take(invocationId);
        return { invocationId, epoch: 1 };
      },
      'under an epoch that never was': async s => ({ ...(await s.running()), epoch: 2 }),
      'of an invocation that nobody claimed': async s => ({ invocationId: await s.scheduled(), epoch: 0 }),
      'of an invocation that is over': s => s.ended('completed', { output: '"first"' }),
      'of an invocation that waits': s => s.ended('suspended', { dueInMs: 60_000 }),
      'after a reap': async s => {
        const lease = await s.running({ owner: `dead-${uuid()}` });
        await s.store.reap({ maxDeaths: 100, limit: 10_000 });
        return lease;
      },
      'of an invocation that does not exist': async () => ({ invocationId: uuid(), epoch: 1 }),
    };

    test.each(Object.entries(STALE))('%s', async (_, stale) => {
      const s = scene();
      const lease = await stale(s);
      const before = await look(s, lease.invocationId);
      expect(await s.write(s.entry(lease, 0))).toEqual(['fenced']);
      expect(await s.move(s.transition(lease, 'failed', { error: '"late"' }))).toEqual(['fenced']);
      const both = await s.commit({
        entries: [s.delivered(lease, 0), s.delivered(lease, 1)],
        transitions: [s.transition(lease, 'cancelled')],
      });
      expect(both).toEqual(s.result({ entries: ['fenced', 'fenced'], transitions: ['fenced'] }));
      expect(await look(s, lease.invocationId)).toEqual(before);
    });

    test('while the owner of the next epoch writes in the same batch', async () => {
      const s = scene();
      const zombie = await s.ended('suspended', { dueInMs: 0 });
      const owner = await s.take(zombie.invocationId);
      expect(owner.epoch).toBe(2);
      const result = await s.commit({
        entries: [s.entry(zombie, 0, { value: '"zombie"' }), s.entry(owner, 0, { value: '"owner"' })],
        transitions: [
          s.transition(zombie, 'failed'),
          s.transition(owner, 'completed', { output: '"owner"' }),
        ],
      });
      expect(result).toEqual(s.result({ entries: ['fenced', 'ok'], transitions: ['fenced', 'ok'] }));
      expect(await s.journal(owner.invocationId)).toMatchObject([{ value: '"owner"', epoch: 2 }]);
      expect(await s.record(owner.invocationId)).toMatchObject({ status: 'completed', output: '"owner"' });
    });
  });

  describe('a batch applied again changes nothing and says so', () => {
    const BATCHES: Record<string, (s: Scene, lease: Lease) => Partial<Batch>> = {
      'an open entry that waits': (s, lease) => ({
        entries: [s.entry(lease, 0, { tries: 1, dueInMs: 60_000 })],
      }),
      'a settled entry': (s, lease) => ({ entries: [s.entry(lease, 0, { outcome: 'ok', value: '1' })] }),
      'a delivered entry': (s, lease) => ({ entries: [s.delivered(lease, 0)] }),
      'several entries': (s, lease) => ({ entries: times(5, index => s.delivered(lease, index)) }),
      release: (s, lease) => ({ transitions: [s.transition(lease, 'scheduled', { dueInMs: 0 })] }),
      suspension: (s, lease) => ({ transitions: [s.transition(lease, 'suspended', { dueInMs: 60_000 })] }),
      'a failed attempt': (s, lease) => ({
        transitions: [s.transition(lease, 'backing_off', { dueInMs: 60_000, failedAttempt: true })],
      }),
      'an entry and the outcome': (s, lease) => ({
        entries: [s.delivered(lease, 0), s.delivered(lease, 1)],
        transitions: [s.transition(lease, 'completed', { output: '1' })],
      }),
    };

    test.each(Object.entries(BATCHES))('%s', async (_, make) => {
      const s = scene();
      const lease = await s.running();
      const batch = { accepts: [s.invocation()], ...make(s, lease) };
      const first = await s.commit(batch);
      const all = [...first.accepts, ...first.entries, ...first.transitions];
      expect(all).toEqual(all.map(() => 'ok'));
      const stable = async () => {
        const [record, journal] = await look(s, lease.invocationId);
        const entries = journal as { dueIn: number | null }[];
        return [record, entries.map(entry => ({ ...entry, dueIn: entry.dueIn !== null }))];
      };
      const before = await stable();
      const again = await s.commit(batch);
      expect([...again.accepts, ...again.entries, ...again.transitions]).toEqual(all.map(() => 'duplicate'));
      expect(await stable()).toEqual(before);
    });

    test('but once another owns the invocation, it is fenced', async () => {
      const s = scene();
      const lease = await s.running();
      const batch = {
        entries: [s.delivered(lease, 0)],
        transitions: [s.transition(lease, 'suspended', { dueInMs: 0 })],
      };
      await s.commit(batch);
      await s.take(lease.invocationId);
      expect(await s.commit(batch)).toEqual(s.result({ entries: ['fenced'], transitions: ['fenced'] }));
    });
  });
}
