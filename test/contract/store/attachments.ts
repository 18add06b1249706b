import { v7 as uuid } from 'uuid';
import type { EntryRef, Lease } from '../../../lib/ports/store.js';
import { times } from './scene.js';
import type { Scene } from './scene.js';

/** Entries that wait for the outcome of an invocation that they did not ask for. */
export function describeAttachments(scene: () => Scene): void {
  /** An invocation that waits at its entry 0. */
  const waiter = async (s: Scene): Promise<{ lease: Lease; entry: EntryRef }> => {
    const lease = await s.running();
    await s.write(s.entry(lease, 0, { kind: 'attach' }));
    return { lease, entry: { invocationId: lease.invocationId, index: 0 } };
  };

  describe('attaching to an invocation', () => {
    test.each([
      ['completed', { output: '"done"' }, 'ok', '"done"'],
      ['failed', { error: '"broken"' }, 'error', '"broken"'],
      ['cancelled', { error: '"stopped"' }, 'error', '"stopped"'],
    ] as const)('its end is told, and answers who waits: %s', async (status, ending, outcome, value) => {
      const s = scene();
      const target = await s.running();
      const [one, two] = [await waiter(s), await waiter(s)];
      for (const { entry } of [one, two]) expect(await s.store.attach(entry, target.invocationId)).toBe('ok');
      await s.move(s.transition(two.lease, 'suspended'));
      expect(await s.store.answer([target.invocationId])).toEqual(s.result({}).news);
      const { news } = await s.commit({ transitions: [s.transition(target, status, ending)] });
      expect(news).toEqual({ awoken: [], freed: [], attached: [target.invocationId] });
      expect(await s.store.unanswered(1000)).toContain(target.invocationId);

      const { awoken } = await s.store.answer([target.invocationId]);
      const owners = new Map(awoken.map(({ id, owner, wakes }) => [id, [owner, wakes]]));
      expect(owners.get(one.entry.invocationId)).toEqual([s.worker, 1]);
      expect(owners.get(two.entry.invocationId)).toEqual([null, 1]);
      for (const { entry } of [one, two]) {
        expect(await s.inbox(entry.invocationId)).toMatchObject({ settled: [{ index: 0, outcome, value }] });
      }
      expect(await s.claimDue()).toMatchObject([{ lease: { invocationId: two.entry.invocationId } }]);
      expect(await s.store.unanswered(1000)).not.toContain(target.invocationId);
      expect(await s.store.answer([target.invocationId])).toEqual(s.result({}).news);
    });

    test('that is over: says so, and its outcome is there for the asking', async () => {
      const s = scene();
      const target = await s.ended('completed', { output: '7' });
      const { entry } = await waiter(s);
      for (const _ of [1, 2]) expect(await s.store.attach(entry, target.invocationId)).toBe('over');
      // Whoever attached may have died before it asked.
      expect(await s.store.unanswered(1000)).toContain(target.invocationId);
      expect((await s.store.answer([target.invocationId])).awoken).toMatchObject([
        { id: entry.invocationId, wakes: 1 },
      ]);
      expect(await s.inbox(entry.invocationId)).toMatchObject({ settled: [{ value: '7' }] });
    });

    test('that does not exist', async () => {
      const s = scene();
      const { entry } = await waiter(s);
      expect(await s.store.attach(entry, uuid())).toBe('not_found');
      expect(await s.store.attach(entry, 'no id')).toBe('not_found');
      expect(await s.store.answer([uuid()])).toEqual(s.result({}).news);
    });

    test('twice changes nothing, and nothing comes to one that is over', async () => {
      const s = scene();
      const target = await s.running();
      const [once, gone] = [await waiter(s), await waiter(s)];
      for (const { entry } of [once, once, gone]) await s.store.attach(entry, target.invocationId);
      await s.move(s.transition(gone.lease, 'completed'), s.transition(target, 'completed', { output: '1' }));
      const { awoken } = await s.store.answer([target.invocationId]);
      expect(awoken).toMatchObject([{ id: once.entry.invocationId, wakes: 1 }]);
    });

    test('is answered for an entry that attached, not for one that took its place', async () => {
      const s = scene();
      const target = await s.running();
      const lease = await s.running();
      await s.write(s.entry(lease, 0, { kind: 'step' }));
      await s.store.attach({ invocationId: lease.invocationId, index: 0 }, target.invocationId);
      await s.move(s.transition(target, 'completed', { output: '1' }));
      expect((await s.store.answer([target.invocationId])).awoken).toEqual([]);
      expect(await s.journal(lease.invocationId)).toMatchObject([{ outcome: null }]);
    });

    test('whose outcome was not given to all is not purged', async () => {
      const s = scene();
      const target = await s.running();
      const { entry } = await waiter(s);
      await s.store.attach(entry, target.invocationId);
      await s.move(s.transition(target, 'completed', { output: '1' }));
      await s.store.purge({ olderThanMs: 0, limit: 100_000 });
      await s.store.answer([target.invocationId]);
      expect(await s.inbox(entry.invocationId)).toMatchObject({ settled: [{ value: '1' }] });
      await s.store.purge({ olderThanMs: 0, limit: 100_000 });
      expect(await s.store.find(target.invocationId)).toBeUndefined();
    });

    test('by many: so many are answered at a time, and the news says that there are more', async () => {
      const s = scene();
      const [target, few] = [await s.running(), await s.running()];
      const leases = times(600, () => s.invocation({ owner: s.worker }));
      await s.accept(...leases);
      const entries = leases.map(({ id }) => ({ invocationId: id, index: 0 }));
      await s.write(
        ...entries.map(({ invocationId }) => s.entry({ invocationId, epoch: 1 }, 0, { kind: 'attach' })),
      );
      await Promise.all(
        entries.map((entry, n) => s.store.attach(entry, (n === 0 ? few : target).invocationId)),
      );
      const ids = [target.invocationId, few.invocationId];
      const output = '1';
      await s.move(s.transition(target, 'completed', { output }), s.transition(few, 'completed', { output }));
      const awoken: string[] = [];
      const rounds: number[] = [];
      for (let left: readonly string[] = ids; left.length > 0;) {
        const news = await s.store.answer(left);
        rounds.push(news.awoken.length);
        awoken.push(...news.awoken.map(({ id }) => id));
        left = news.attached;
        expect([...(await s.store.unanswered(1000))].filter(id => ids.includes(id)).sort()).toEqual(
          [...left].sort(),
        );
      }
      expect(rounds).toEqual([500, 100]);
      expect(awoken.sort()).toEqual(entries.map(({ invocationId }) => invocationId).sort());
    }, 30_000);

    test('at the moment at which it ends, 200 times: every one is answered, once', async () => {
      const s = scene();
      for (let block = 0; block < 10; block++) {
        const rounds = await Promise.all(
          times(20, async () => ({ target: await s.running(), ...(await waiter(s)) })),
        );
        await Promise.all(
          rounds.map(async ({ target, entry }, n) => {
            const attach = () => s.store.attach(entry, target.invocationId);
            const end = () => s.commit({ transitions: [s.transition(target, 'completed', { output: '1' })] });
            const [attached, { news }] =
              n % 2
                ? await Promise.all([attach(), end()])
                : ((await Promise.all([end(), attach()])).reverse() as [
                    Awaited<ReturnType<typeof attach>>,
                    Awaited<ReturnType<typeof end>>,
                  ]);
            // One of the two knows.
            expect([attached, news.attached.length]).toEqual(attached === 'over' ? ['over', 0] : ['ok', 1]);
            await Promise.all(times(2, () => s.store.answer([target.invocationId])));
          }),
        );
        for (const { entry } of rounds) {
          expect(await s.inbox(entry.invocationId)).toMatchObject({ wakes: 1, settled: [{ value: '1' }] });
        }
      }
    }, 60_000);
  });
}
