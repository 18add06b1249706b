import { v7 as uuid } from 'uuid';
import type { Lease } from '../../../lib/ports/store.js';
import type { Scene } from './scene.js';

/** New invocations from the journals of others. */
export function describeRestart(scene: () => Scene): void {
  /**
   * 0 and 1 are called at once and delivered as 1, 0; 2 and 3 (a sleep, open) are called after the first of them, 4 (a
   * step with a failed try, open) and 5 after both.
   */
  const journal = async (s: Scene, lease: Lease): Promise<void> => {
    await s.write(
      s.delivered(lease, 0, { calledAfter: 0, seq: 1 }),
      s.delivered(lease, 1, { calledAfter: 0, seq: 0 }),
      s.delivered(lease, 2, { calledAfter: 1, seq: 2 }),
      s.entry(lease, 3, { kind: 'sleep', calledAfter: 1, dueInMs: 60_000 }),
      s.entry(lease, 4, { calledAfter: 2, value: '"once"', tries: 1 }),
      s.delivered(lease, 5, { calledAfter: 2, seq: 3, outcome: 'error' }),
    );
  };
  const restart = (s: Scene, id: string, from: number, newId = uuid()) =>
    s.store.restart({ id, newId, from, origin: 'client-2' });

  describe('restart', () => {
    test.each(['completed', 'failed', 'cancelled', 'paused'] as const)(
      'of one that is %s makes another one, and leaves it as it is',
      async status => {
        const s = scene();
        const lease = await s.ended(status, status === 'completed' ? { output: '1' } : { error: '"e"' });
        const id = lease.invocationId;
        const before = await s.record(id);
        const newId = uuid();
        expect(await restart(s, id, 0, newId)).toEqual({ result: 'ok', service: s.service });
        expect(await s.record(id)).toEqual(before);
        expect(await s.record(newId)).toMatchObject({
          status: 'scheduled',
          epoch: 1,
          origin: 'client-2',
          input: before.input,
          handler: before.handler,
          output: null,
          error: null,
        });
        expect(await s.journal(newId)).toEqual([]);
        expect((await s.claim(newId)).claimed).toHaveLength(1);
      },
    );

    test('takes over what was called before the entry, and what was delivered before its call', async () => {
      const s = scene();
      const lease = await s.running();
      await journal(s, lease);
      await s.move(s.transition(lease, 'failed', { error: '"e"', failedEntry: 5 }));
      const taken = async (from: number) => {
        const newId = uuid();
        expect((await restart(s, lease.invocationId, from, newId)).result).toBe('ok');
        return (await s.journal(newId)).map(({ index, seq, outcome }) => [index, seq, outcome]);
      };
      expect(await taken(1)).toEqual([[0, null, 'ok']]);
      expect(await taken(2)).toEqual([
        [0, null, 'ok'],
        [1, 0, 'ok'],
      ]);
      expect(await taken(5)).toEqual([
        [0, 1, 'ok'],
        [1, 0, 'ok'],
        [2, null, 'ok'],
        [3, null, null],
      ]);
    });

    test('repeated under its new id changes nothing', async () => {
      const s = scene();
      const lease = await s.running();
      await journal(s, lease);
      await s.move(s.transition(lease, 'completed', { output: '1' }));
      const newId = uuid();
      for (const _ of [1, 2]) expect((await restart(s, lease.invocationId, 5, newId)).result).toBe('ok');
      expect(await s.journal(newId)).toHaveLength(4);
    });

    test('is refused of what goes on, of an unknown one, and from an entry that is not there', async () => {
      const s = scene();
      const lease = await s.running();
      await journal(s, lease);
      expect(await restart(s, lease.invocationId, 0)).toEqual({ result: 'not_over' });
      for (const id of [uuid(), 'no id']) expect(await restart(s, id, 0)).toEqual({ result: 'not_found' });
      await s.move(s.transition(lease, 'completed', { output: '1' }));
      const newId = uuid();
      expect(await restart(s, lease.invocationId, 6, newId)).toEqual({ result: 'no_entry' });
      expect(await s.store.find(newId)).toBeUndefined();
    });

    test('has an exclusive one queue for its object when it is claimed', async () => {
      const s = scene();
      const object = s.object();
      const [first, second] = [s.exclusive(object), s.exclusive(object)];
      await s.accept(first);
      await s.move(
        s.transition({ invocationId: first.id, epoch: 1 }, 'failed', { error: '"e"', holds: object.id }),
      );
      await s.accept(second);
      const newId = uuid();
      await restart(s, first.id, 0, newId);
      const [claimed] = (await s.claim(newId)).claimed;
      expect(claimed).toMatchObject({ object, entered: false });
      expect(await s.store.enter(claimed!.lease)).toBe('queued');
    });
  });
}
