import { CANCEL_SIGNAL } from '../../../lib/ports/store.js';
import { PATIENCE_MS, tick, times } from './scene.js';
import { until } from '../../support/until.js';
import type { Scene } from './scene.js';

const PAST = { at: new Date(0) };
const FAR = { ms: 3_600_000 };
const late = (id: string) => `"late ${id}"`;

/** Times at which invocations are to be over. */
export function describeDeadlines(scene: () => Scene): void {
  const overdue = async (s: Scene, ...ids: string[]) => {
    const found = await s.store.overdue(10_000);
    return ids.map(id => found.ids.includes(id));
  };

  describe('a deadline', () => {
    test('is found once it is past, by duration and by date, and says when the next one is', async () => {
      const s = scene();
      const accepts = [PAST, { ms: 0 }, FAR, { at: new Date(Date.now() + 60_000) }, null].map(deadline =>
        s.invocation({ deadline, delayMs: 60_000 }),
      );
      await s.accept(...accepts);
      expect(await overdue(s, ...accepts.map(({ id }) => id))).toEqual([true, true, false, false, false]);
      const { nextMs } = await s.store.overdue(10_000);
      expect(nextMs).toBeGreaterThan(0);
      expect(nextMs).toBeLessThanOrEqual(60_000);
      expect((await s.store.overdue(1)).ids).toHaveLength(1);
    });

    test('is of the first accept: the same id again changes nothing', async () => {
      const s = scene();
      const invocation = s.invocation({ deadline: FAR });
      expect(await s.accept(invocation)).toEqual(['ok']);
      expect(await s.accept({ ...invocation, deadline: PAST })).toEqual(['duplicate']);
      expect(await overdue(s, invocation.id)).toEqual([false]);
    });

    test('goes with its invocation when that is purged: who is accepted under its id then has an own one, or none', async () => {
      const s = scene();
      const first = s.invocation({ owner: s.worker, deadline: { ms: 60_000 } });
      const lease = { invocationId: first.id, epoch: 1 };
      expect(await s.accept(first)).toEqual(['ok']);
      for (const [deadline, isOverdue] of [
        [PAST, true],
        [null, false],
      ] as const) {
        await s.move(s.transition(lease, 'completed'));
        await tick();
        while (await s.store.find(first.id)) await s.store.purge({ olderThanMs: 0, limit: 10_000 });
        expect(await s.accept({ ...first, deadline })).toEqual(['ok']);
        expect(await overdue(s, first.id)).toEqual([isOverdue]);
      }
    });

    test('of what another invocation asks for is not kept without its lease', async () => {
      const s = scene();
      const parent = await s.running();
      const child = s.child({ ...parent, epoch: 9 }, 0, { deadline: PAST });
      expect(await s.accept(child)).toEqual(['fenced']);
      expect(await overdue(s, child.id)).toEqual([false]);
    });

    test('that is not past is refused, and stays', async () => {
      const s = scene();
      const id = await s.scheduled({ deadline: { ms: 1_000 } });
      expect((await s.store.expire(id, late)).result).toBe('refused');
      await until('it is overdue', async () => (await overdue(s, id))[0] === true, PATIENCE_MS);
      expect((await s.store.expire(id, late)).result).toBe('ok');
    });

    test('ends what has not begun as failed, once, and frees its place', async () => {
      const s = scene();
      const object = s.object();
      const accepts = [s.exclusive(object), s.exclusive(object, { deadline: PAST }), s.exclusive(object)];
      await s.accept(...accepts);
      const { id } = accepts[1]!;
      expect(await s.store.expire(id, late)).toMatchObject({
        result: 'ok',
        ended: [{ id, origin: 'client-1' }],
      });
      expect(await s.record(id)).toMatchObject({ status: 'failed', error: late(id), owner: null });
      expect((await s.store.expire(id, late)).result).toBe('refused');
      expect(await overdue(s, id)).toEqual([false]);
    });

    test.each(['running', 'suspended', 'backing_off'] as const)(
      'asks what is %s by its error',
      async status => {
        const s = scene();
        const lease = await s.running({ deadline: PAST });
        const id = lease.invocationId;
        if (status !== 'running') await s.move(s.transition(lease, status, { dueInMs: 60_000 }));
        const { result, news } = await s.store.expire(id, late);
        expect([result, news.awoken]).toMatchObject([
          'ok',
          [{ id, owner: status === 'running' ? s.worker : null }],
        ]);
        expect((await s.inbox(id)).signals).toMatchObject([{ name: CANCEL_SIGNAL, value: late(id) }]);
      },
    );

    test('of what is over goes without a trace', async () => {
      const s = scene();
      const lease = await s.running({ deadline: PAST });
      await s.move(s.transition(lease, 'completed', { output: '1' }));
      expect((await s.store.expire(lease.invocationId, late)).result).toBe('over');
      expect((await s.store.expire(lease.invocationId, late)).result).toBe('refused');
      expect(await s.record(lease.invocationId)).toMatchObject({ status: 'completed', output: '1' });
    });

    test('of what is over is no work for anybody: it is gone once somebody has looked', async () => {
      const s = scene();
      const live = await s.running({ deadline: PAST });
      const over = await Promise.all(
        (['completed', 'failed', 'cancelled'] as const).map(async status => {
          const lease = await s.running({ deadline: { at: new Date(-1) } });
          await s.move(s.transition(lease, status));
          return lease.invocationId;
        }),
      );
      const [first] = (await s.store.overdue(1)).ids;
      expect((await s.record(first!)).finishedAt).toBeNull();
      expect(await overdue(s, live.invocationId, ...over)).toEqual([true, false, false, false]);
      for (const id of over) expect((await s.store.expire(id, late)).result).toBe('refused');
    });

    test('is still that of what failed before, and is retried', async () => {
      const s = scene();
      const lease = await s.running({ deadline: { ms: 300 } });
      await s.running({ deadline: PAST });
      await s.move(s.transition(lease, 'failed', { error: '"e"' }));
      expect(await overdue(s, lease.invocationId)).toEqual([false]);
      expect(await s.store.retry(lease.invocationId)).toBe('ok');
      await until('it is overdue', async () => (await overdue(s, lease.invocationId))[0] === true);
    });

    test('is acted on once, however many look at the same time', async () => {
      const s = scene();
      const id = (await s.running({ deadline: PAST })).invocationId;
      const results = await Promise.all(times(8, () => s.store.expire(id, late)));
      expect(results.filter(({ result }) => result === 'ok')).toHaveLength(1);
      expect((await s.inbox(id)).signals).toHaveLength(1);
    });

    test('of a paused one ends it, and asks those that it waits for', async () => {
      const s = scene();
      const parent = await s.running({ deadline: PAST });
      await s.write(s.entry(parent, 0, { kind: 'call' }), s.entry(parent, 1, { kind: 'call' }));
      const [busy, idle] = [s.child(parent, 0), s.child(parent, 1, { owner: null })];
      await s.accept(busy, idle);
      await s.store.pause(parent.invocationId, '"p"');
      const { ended } = await s.store.expire(parent.invocationId, late);
      expect(ended.map(({ id }) => id).sort()).toEqual([parent.invocationId, idle.id].sort());
      expect(await s.record(parent.invocationId)).toMatchObject({ status: 'failed' });
      expect(await s.record(idle.id)).toMatchObject({ status: 'cancelled', error: late(idle.id) });
      expect((await s.inbox(busy.id)).signals).toMatchObject([{ name: CANCEL_SIGNAL, value: late(busy.id) }]);
    });
  });
}
