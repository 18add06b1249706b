import { v7 as uuid } from 'uuid';
import { tick } from './scene.js';
import type { Scene } from './scene.js';

/** Times of entries, and progress. */
export function describeTimers(scene: () => Scene): void {
  describe('the time that an entry waits for', () => {
    test('is asked for by position: what is open, over, past, timeless or unknown', async () => {
      const s = scene();
      const lease = await s.running();
      await s.write(
        s.entry(lease, 0, { kind: 'sleep', dueInMs: 60_000 }),
        s.entry(lease, 1, { kind: 'sleep', dueInMs: 60_000, outcome: 'ok', value: '1' }),
        s.entry(lease, 2, { kind: 'sleep', dueInMs: 0 }),
        s.entry(lease, 3, { kind: 'sleep' }),
        s.entry(lease, 4, { kind: 'sleep', dueInMs: 30_000 }),
      );
      await tick();
      const indexes = [4, 3, 0, 9, 2, 1, 0];
      const entries = indexes.map(index => ({ invocationId: lease.invocationId, index }));
      const left = await s.store.remaining([...entries, { invocationId: uuid(), index: 0 }]);
      expect(left.map(ms => Math.ceil(ms / 30_000))).toEqual([1, 0, 2, 0, 0, 0, 2, 0]);
      expect(await s.store.remaining([])).toEqual([]);
    });

    test('may be a date, which counts in place of the duration; a past one is now', async () => {
      const s = scene();
      const lease = await s.running();
      const inAnHour = new Date(Date.now() + 3_600_000);
      await s.write(
        s.entry(lease, 0, { kind: 'sleep', at: inAnHour, dueInMs: 1 }),
        s.entry(lease, 1, { kind: 'sleep', at: new Date(0), dueInMs: 60_000 }),
        s.entry(lease, 2, { kind: 'sleep', dueInMs: 60_000 }),
      );
      const refs = [0, 1, 2].map(index => ({ invocationId: lease.invocationId, index }));
      const left = await s.store.remaining(refs);
      expect(left[0]! / 3_600_000).toBeCloseTo(1, 1);
      expect(left[1]).toBe(0);
      expect(left[2]! / 60_000).toBeCloseTo(1, 0);
      // Not long ago, either: what is due comes in the order in which it became due.
      expect((await s.journal(lease.invocationId))[1]!.dueIn).toBeGreaterThan(-10_000);
    });

    test('is never over early: at the millisecond that is told, and not before', async () => {
      const s = scene();
      const lease = await s.running();
      for (let index = 0; index < 20; index++) {
        const entry = { invocationId: lease.invocationId, index };
        await s.write(s.entry(lease, index, { kind: 'sleep', dueInMs: 5 + index / 7 }));
        const start = performance.now();
        for (
          let [left] = await s.store.remaining([entry]);
          left! > 0;
          [left] = await s.store.remaining([entry])
        );
        // The entry was written before the start: less than the whole time, and never much more.
        expect(performance.now() - start).toBeLessThan(1_000);
        expect((await s.journal(lease.invocationId))[index]!.dueIn).toBeLessThanOrEqual(0);
      }
    });
  });

  describe('progress', () => {
    test('is the last value that was set under its name', async () => {
      const s = scene();
      const lease = await s.running();
      const id = lease.invocationId;
      const set = (index: number, name: string, value: string) =>
        s.delivered(lease, index, { kind: 'set', name, value });
      expect(await s.store.progress(id, 'a')).toBeUndefined();
      await s.write(set(9, 'a', '9'), set(10, 'a', '10'), set(11, 'b', '11'));
      await s.write(s.delivered(lease, 12, { kind: 'step', name: 'a', value: '12' }), set(3, 'a', '3'));
      expect(await s.store.progress(id, 'a')).toBe('10');
      expect(await s.store.progress(id, 'b')).toBe('11');
      await s.move(s.transition(lease, 'completed'));
      expect(await s.store.progress(id, 'a')).toBe('10');
      expect(await s.store.progress(uuid(), 'a')).toBeUndefined();
      expect(await s.store.progress('no id', 'a')).toBeUndefined();
    });
  });
}
