import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuid } from 'uuid';
import { tick, times } from './scene.js';
import type { Scene } from './scene.js';

/** Claims: who gets what is due, and when. */
export function describeClaims(scene: () => Scene): void {
  describe('claiming by id', () => {
    test('leases what is due, under the next epoch, with all that an attempt needs', async () => {
      const s = scene();
      const id = await s.scheduled({ handler: 'checkout', input: '[{"a":1}]', origin: 'client-7' });
      const { createdAt } = await s.record(id);
      const { claimed, early } = await s.claim(id);
      expect(early).toEqual([]);
      expect(claimed).toEqual([
        {
          lease: { invocationId: id, epoch: 1 },
          service: s.service,
          handler: 'checkout',
          input: '[{"a":1}]',
          origin: 'client-7',
          failedAttempts: 0,
          deaths: 0,
          wakes: 0,
          parent: null,
          object: null,
          seed: null,
          entered: false,
          createdAt,
        },
      ]);
      expect(await s.record(id)).toMatchObject({ status: 'running', owner: s.worker, epoch: 1, dueAt: null });
    });

    test('counts what has failed so far', async () => {
      const s = scene();
      let lease = await s.running();
      for (const failedAttempts of [1, 2]) {
        await s.move(s.transition(lease, 'backing_off', { dueInMs: 0, failedAttempt: true }));
        const { claimed } = await s.claim(lease.invocationId);
        expect(claimed).toMatchObject([{ failedAttempts, lease: { epoch: failedAttempts + 1 } }]);
        lease = claimed[0]!.lease;
      }
    });

    test('leaves alone what runs, is over, is unknown, belongs to other services, or is no id', async () => {
      const s = scene();
      const other = scene();
      const ids = [
        (await s.running()).invocationId,
        (await s.ended('completed')).invocationId,
        (await s.ended('paused')).invocationId,
        await other.scheduled(),
        await other.scheduled({ delayMs: 60_000 }),
        uuid(),
        "no-uuid'; drop table",
        '',
      ];
      expect(await s.claim(...ids)).toEqual({ claimed: [], early: [] });
      expect(await s.claim()).toEqual({ claimed: [], early: [] });
    });

    test('tells what is due later, and how much later', async () => {
      const s = scene();
      const [now, later] = [await s.scheduled(), await s.scheduled({ delayMs: 60_000 })];
      const { claimed, early } = await s.claim(later, now, later);
      expect(claimed.map(({ lease }) => lease.invocationId)).toEqual([now]);
      expect(early).toEqual([{ id: later, service: s.service, dueInMs: expect.any(Number) as unknown }]);
      expect(early[0]!.dueInMs).toBeGreaterThan(50_000);
      expect(early[0]!.dueInMs).toBeLessThanOrEqual(60_000);
    });

    test('is never early', async () => {
      const s = scene();
      const started = performance.now();
      const id = await s.scheduled({ delayMs: 80 });
      let result = await s.claim(id);
      while (result.claimed.length === 0) {
        expect(result.early).toMatchObject([{ id }]);
        expect(result.early[0]!.dueInMs).toBeGreaterThan(0);
        await tick();
        result = await s.claim(id);
      }
      expect(performance.now() - started).toBeGreaterThanOrEqual(79);
    });
  });

  describe('claiming what is due', () => {
    test('takes the longest due first, up to the limit', async () => {
      const s = scene();
      const accepts = [30, 10, 20, 60_000].map(delayMs => s.invocation({ delayMs }));
      await s.accept(...accepts);
      const ids = accepts.map(({ id }) => id);
      await sleep(50);
      const first = await s.claimDue(2);
      expect(first.map(({ lease }) => lease.invocationId)).toEqual([ids[1], ids[2]]);
      expect((await s.claimDue(2)).map(({ lease }) => lease)).toEqual([{ invocationId: ids[0], epoch: 1 }]);
      expect(await s.claimDue(2)).toEqual([]);
    });

    test('takes only what has been due for long enough, and of its services', async () => {
      const s = scene();
      const other = scene();
      await Promise.all([s.scheduled(), other.scheduled()]);
      expect(await s.claimDue(100, 60_000)).toEqual([]);
      expect(await s.claimDue(100, 0)).toMatchObject([{ service: s.service }]);
      expect(await other.claimDue(0)).toEqual([]);
    });

    test('goes back as far as it is told to, and says how long the last one has been due', async () => {
      const s = scene();
      const id = await s.scheduled();
      await tick();
      const request = { services: [s.service], workerId: s.worker, limit: 1, overdueMs: 0 };
      expect((await s.store.claimDue({ ...request, sinceMs: 0 })).claimed).toEqual([]);
      expect(await s.store.nextDue([s.service])).toBe(0);
      const { claimed, dueAgoMs } = await s.store.claimDue(request);
      expect(claimed.map(({ lease }) => lease.invocationId)).toEqual([id]);
      expect(dueAgoMs).toBeGreaterThan(0);
    });

    test('says when the next one is due, if it is asked for that', async () => {
      const s = scene();
      const other = scene();
      const request = {
        services: [s.service, 'nobody'],
        workerId: s.worker,
        limit: 5,
        overdueMs: 0,
        next: true,
      };
      await other.scheduled({ delayMs: 10_000 });
      expect(await s.store.claimDue(request)).toEqual({
        claimed: [],
        dueAgoMs: undefined,
        nextInMs: undefined,
      });
      const due = [await s.scheduled(), await s.scheduled()];
      await s.scheduled({ delayMs: 90_000 });
      await s.scheduled({ delayMs: 60_000 });
      await tick();
      // What is claimed at this moment is not the next one.
      const { claimed, nextInMs } = await s.store.claimDue(request);
      expect(claimed.map(({ lease }) => lease.invocationId).sort()).toEqual(due.sort());
      expect(nextInMs).toBeGreaterThan(50_000);
      expect(nextInMs).toBeLessThanOrEqual(60_000);
      expect((await s.store.claimDue({ ...request, next: false })).nextInMs).toBeUndefined();
    });

    test('a suspended invocation is due when its time has come', async () => {
      const s = scene();
      const { invocationId } = await s.ended('suspended', { dueInMs: 500 });
      expect(await s.claimDue()).toEqual([]);
      await s.untilDue();
      expect(await s.claimDue()).toMatchObject([{ lease: { invocationId, epoch: 2 } }]);
    });
  });

  test('the next due time is that of the services asked for', async () => {
    const s = scene();
    const other = scene();
    expect(await s.store.nextDue([s.service])).toBeUndefined();
    expect(await s.store.nextDue([])).toBeUndefined();
    await s.scheduled({ delayMs: 60_000 });
    await s.scheduled({ delayMs: 90_000 });
    await other.scheduled();
    const dueInMs = await s.store.nextDue([s.service]);
    expect(dueInMs).toBeGreaterThan(50_000);
    expect(dueInMs).toBeLessThanOrEqual(60_000);
    expect(await s.store.nextDue([s.service, other.service])).toBe(0);
  });

  describe('eight claimers at once', () => {
    const claimers = (s: Scene) => times(8, n => ({ services: [s.service], workerId: `${s.worker}-${n}` }));

    test('of the same 200 ids: each is claimed once', async () => {
      const s = scene();
      const accepts = times(200, () => s.invocation());
      await s.accept(...accepts);
      const ids = accepts.map(({ id }) => id);
      const results = await Promise.all(
        claimers(s).map((claimer, n) => s.store.claim({ ...claimer, ids: n % 2 ? [...ids].reverse() : ids })),
      );
      const claimed = results.flatMap(result => result.claimed.map(({ lease }) => lease));
      expect(claimed.map(({ invocationId }) => invocationId).sort()).toEqual([...ids].sort());
      expect(claimed.every(({ epoch }) => epoch === 1)).toBe(true);
      expect(results.flatMap(({ early }) => early)).toEqual([]);
    });

    test('of all that is due: each is claimed once', async () => {
      const s = scene();
      const accepts = times(200, () => s.invocation());
      await s.accept(...accepts);
      const drain = async (claimer: ReturnType<typeof claimers>[number]) => {
        const mine: string[] = [];
        for (;;) {
          const { claimed } = await s.store.claimDue({ ...claimer, limit: 7, overdueMs: 0 });
          if (claimed.length === 0) return mine;
          mine.push(...claimed.map(({ lease }) => lease.invocationId));
        }
      };
      const claimed = (await Promise.all(claimers(s).map(drain))).flat();
      // What was locked by a claimer that then found enough is left for the next.
      claimed.push(...(await drain(claimers(s)[0]!)));
      expect(claimed.sort()).toEqual(accepts.map(({ id }) => id).sort());
    });
  });
}
