import { v7 as uuid } from 'uuid';
import type { InvocationRecord, ListQuery } from '../../../lib/ports/store.js';
import { tick, times } from './scene.js';
import type { Scene } from './scene.js';

/** What is read by people and waiters, and what is deleted. */
export function describeQueries(scene: () => Scene): void {
  test('an invocation that does not exist is found by nobody, nor is what is no id', async () => {
    const { store } = scene();
    for (const id of [uuid(), 'no-uuid', '']) expect(await store.find(id)).toBeUndefined();
    expect(await store.outcomes([uuid(), 'no-uuid', ''])).toEqual([]);
    expect(await store.outcomes([])).toEqual([]);
  });

  test('outcomes are of those that are over', async () => {
    const s = scene();
    const completed = await s.ended('completed', { output: '1' });
    const cancelled = await s.ended('cancelled', { error: '"c"' });
    const rest = [await s.running(), await s.ended('paused'), await s.ended('suspended')];
    const ids = [completed, cancelled, ...rest].map(({ invocationId }) => invocationId);
    const outcomes = await s.store.outcomes(ids);
    expect(outcomes).toHaveLength(2);
    expect(outcomes).toEqual(
      expect.arrayContaining([
        { id: completed.invocationId, status: 'completed', output: '1', error: null },
        { id: cancelled.invocationId, status: 'cancelled', output: null, error: '"c"' },
      ]),
    );
  });

  describe('a list', () => {
    const pages = async (s: Scene, query: Omit<ListQuery, 'after'>): Promise<string[]> => {
      const ids: string[] = [];
      let last: InvocationRecord | undefined;
      do {
        const page: InvocationRecord[] = await s.store.list({ ...query, ...(last && { after: last }) });
        expect(page.length).toBeLessThanOrEqual(query.limit);
        ids.push(...page.map(({ id }) => id));
        last = page.at(-1);
      } while (last);
      return ids;
    };

    test('comes newest first, page by page, none missing and none twice, though many share their time', async () => {
      const s = scene();
      for (const size of [7, 1, 5]) {
        await s.accept(...times(size, () => s.invocation()));
        await tick();
      }
      const { service } = s;
      const all = await s.store.list({ service, limit: 100 });
      const times_ = all.map(({ createdAt }) => createdAt.getTime());
      expect(times_).toEqual([...times_].sort((a, b) => b - a));
      expect(all).toHaveLength(13);
      for (const limit of [1, 3, 13])
        expect(await pages(s, { service, limit })).toEqual(all.map(({ id }) => id));
    });

    test('is filtered by service, handler, status and age', async () => {
      const s = scene();
      const { service } = s;
      const old = await s.scheduled({ handler: 'a' });
      await tick();
      const { invocationId: over } = await s.ended('completed');
      const { createdAt: since } = await s.record(over);
      await scene().scheduled({ handler: 'a' });
      const list = async (query: Partial<ListQuery>) =>
        (await s.store.list({ service, limit: 10, ...query })).map(({ id }) => id);
      expect(await list({})).toEqual([over, old]);
      expect(await list({ handler: 'a' })).toEqual([old]);
      expect(await list({ status: 'completed' })).toEqual([over]);
      expect(await list({ since })).toEqual([over]);
      expect(await list({ since, handler: 'a', status: 'scheduled' })).toEqual([]);
      expect(await list({ service: "x' or '1'='1" })).toEqual([]);
      expect((await s.store.list({ limit: 2 })).length).toBe(2);
    });
  });

  describe('a purge', () => {
    const drained = async () => {
      const s = scene();
      while ((await s.store.purge({ olderThanMs: 0, limit: 10_000 })) > 0);
      return s;
    };

    test('deletes what is over, with its journal, and nothing else', async () => {
      const s = await drained();
      const lease = await s.running();
      await s.write(s.delivered(lease, 0));
      await s.move(s.transition(lease, 'failed', { error: '"e"' }));
      const waiting = await s.running();
      await s.write(s.delivered(waiting, 0));
      await s.move(s.transition(waiting, 'paused'));
      const kept = [waiting.invocationId, (await s.running()).invocationId, await s.scheduled()];
      await tick();
      expect(await s.store.purge({ olderThanMs: 0, limit: 100 })).toBe(1);
      expect(await s.store.find(lease.invocationId)).toBeUndefined();
      expect(await s.journal(lease.invocationId)).toEqual([]);
      expect(await s.journal(waiting.invocationId)).toHaveLength(1);
      for (const id of kept) expect(await s.store.find(id)).toBeDefined();
    });

    test('leaves what is not over for long enough, and stops at its limit', async () => {
      const s = await drained();
      await Promise.all(times(5, () => s.ended('completed')));
      await tick();
      expect(await s.store.purge({ olderThanMs: 60_000, limit: 100 })).toBe(0);
      const deleted: number[] = [];
      for (let round = 0; round < 4; round++) deleted.push(await s.store.purge({ olderThanMs: 0, limit: 2 }));
      expect(deleted).toEqual([2, 2, 1, 0]);
    });
  });
}
