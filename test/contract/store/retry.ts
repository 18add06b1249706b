import { v7 as uuid } from 'uuid';
import type { EntryWrite } from '../../../lib/ports/store.js';
import type { Scene } from './scene.js';

/** An operator's retry: how far a journal is taken back. */
export function describeRetry(scene: () => Scene): void {
  /** An invocation that failed with a journal, retried; what is left of it. */
  const retried = async (entries: Partial<EntryWrite>[], failedEntry: number | null) => {
    const s = scene();
    const lease = await s.running();
    await s.write(...entries.map((over, index) => s.entry(lease, index, over)));
    await s.move(s.transition(lease, 'failed', { error: '"e"', failedEntry, failedAttempt: true }));
    expect(await s.store.retry(lease.invocationId)).toBe('ok');
    const journal = await s.journal(lease.invocationId);
    return {
      s,
      id: lease.invocationId,
      left: journal.map(({ index, seq, outcome }) => [index, seq, outcome]),
    };
  };
  const delivered = (calledAfter: number, seq: number, outcome: 'ok' | 'error' = 'ok') => ({
    calledAfter,
    seq,
    outcome,
    value: '1',
  });

  describe('a retry', () => {
    test('makes a failed invocation due at once, as if it had never failed', async () => {
      const { s, id } = await retried([], null);
      const fresh = { status: 'scheduled', epoch: 2, failedAttempts: 0, deaths: 0, finishedAt: null };
      expect(await s.record(id)).toMatchObject({ ...fresh, output: null, error: null, owner: null });
      expect((await s.claim(id)).claimed).toMatchObject([
        { lease: { epoch: 3 }, failedAttempts: 0, deaths: 0 },
      ]);
    });

    test('drops the failure that was the cause, and what was called after its delivery', async () => {
      const { left } = await retried(
        [delivered(0, 0), delivered(1, 1, 'error'), delivered(2, 2), { calledAfter: 3 }],
        1,
      );
      expect(left).toEqual([[0, 0, 'ok']]);
    });

    test('undelivers what was called before the failure and delivered after it', async () => {
      const { left } = await retried(
        [
          delivered(0, 3),
          delivered(0, 1, 'error'),
          delivered(0, 0),
          delivered(0, 2, 'error'),
          { calledAfter: 1 },
        ],
        1,
      );
      expect(left).toEqual([
        [0, null, 'ok'],
        [2, 0, 'ok'],
        [3, null, 'error'],
        [4, null, null],
      ]);
    });

    test('leaves the journal of a failure that no entry caused', async () => {
      const entries = [delivered(0, 0), delivered(1, 1, 'error'), delivered(2, 2)];
      const expected = entries.map(({ seq, outcome }, index) => [index, seq, outcome]);
      expect((await retried(entries, null)).left).toEqual(expected);
      expect((await retried(entries, 9)).left).toEqual(expected);
    });

    test('lets the journal be written again', async () => {
      const { s, id } = await retried([delivered(0, 0, 'error'), delivered(1, 1)], 0);
      const lease = await s.take(id);
      expect(await s.write(s.delivered(lease, 0), s.delivered(lease, 1))).toEqual(['ok', 'ok']);
      expect(await s.journal(id)).toMatchObject([
        { seq: 0, outcome: 'ok', epoch: 3 },
        { seq: 1, epoch: 3 },
      ]);
    });

    test('gives an invocation that killed its workers as many lives as before', async () => {
      const s = scene();
      const lease = await s.running();
      await s.write(s.delivered(lease, 0));
      const reap = (maxDeaths: number) => s.store.reap({ maxDeaths, limit: 100_000 });
      await reap(1);
      expect(await s.record(lease.invocationId)).toMatchObject({ status: 'failed', deaths: 1 });
      expect(await s.store.retry(lease.invocationId)).toBe('ok');
      for (const deaths of [1, 2]) {
        await s.take(lease.invocationId);
        await reap(3);
        expect(await s.record(lease.invocationId)).toMatchObject({ status: 'scheduled', deaths });
      }
    });

    test('is refused for what is not failed, and for what does not exist', async () => {
      const s = scene();
      for (const status of ['completed', 'cancelled', 'paused', 'suspended'] as const) {
        const { invocationId } = await s.ended(status);
        const before = await s.record(invocationId);
        expect(await s.store.retry(invocationId)).toBe('not_failed');
        expect(await s.record(invocationId)).toEqual(before);
      }
      expect(await s.store.retry((await s.running()).invocationId)).toBe('not_failed');
      for (const id of [uuid(), 'no-uuid', '']) expect(await s.store.retry(id)).toBe('not_found');
    });
  });
}
