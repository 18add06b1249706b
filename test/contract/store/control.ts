import { v7 as uuid } from 'uuid';
import { CANCEL_SIGNAL, type Lease } from '../../../lib/ports/store.js';
import { times } from './scene.js';
import type { Scene } from './scene.js';

const MISSING = ['not_found', 'over'] as const;

/** Orders from outside of every lease: cancel, kill, pause, resume, skip. */
export function describeControl(scene: () => Scene): void {
  const kill = (s: Scene, id: string) => s.store.kill(id, one => `"killed ${one}"`);
  const requests = async (s: Scene, id: string): Promise<number> =>
    (await s.inbox(id)).signals.filter(({ name }) => name === CANCEL_SIGNAL).length;
  const orders = (s: Scene, id: string) => [
    () => s.store.cancel(id, () => '"c"'),
    () => kill(s, id),
    () => s.store.pause(id, '"p"'),
    () => s.store.resume(id),
    () => s.store.skipCompensation(id, '"s"'),
  ];

  describe('an order', () => {
    test('to what is over, or unknown, changes nothing and says so', async () => {
      const s = scene();
      const { invocationId } = await s.ended('completed', { output: '1' });
      const before = await s.record(invocationId);
      for (const [at, id] of [uuid(), invocationId].entries()) {
        for (const order of orders(s, id)) expect((await order()).result).toBe(MISSING[at]);
      }
      for (const order of orders(s, 'no id')) expect((await order()).result).toBe('not_found');
      expect(await s.record(invocationId)).toEqual(before);
    });
  });

  describe('cancel', () => {
    test('ends what has not begun, and what is paused', async () => {
      const s = scene();
      const later = await s.scheduled({ delayMs: 60_000 });
      const paused = await s.running();
      await s.store.pause(paused.invocationId, '"p"');
      for (const id of [later, paused.invocationId]) {
        expect(await s.store.cancel(id, () => '"c"')).toMatchObject({
          result: 'ok',
          ended: [{ id, origin: 'client-1' }],
        });
        expect(await s.record(id)).toMatchObject({
          status: 'cancelled',
          error: '"c"',
          dueAt: null,
          owner: null,
        });
      }
    });

    test.each(['running', 'suspended', 'backing_off'] as const)(
      'asks what is %s, once for all that ask, and again once that was delivered',
      async status => {
        const s = scene();
        const lease = await s.running();
        const id = lease.invocationId;
        if (status !== 'running') await s.move(s.transition(lease, status, { dueInMs: 60_000 }));
        for (const _ of [1, 2])
          expect(await s.store.cancel(id, () => '"c"')).toMatchObject({ result: 'ok', ended: [] });
        expect(await requests(s, id)).toBe(1);
        const live = status === 'running' ? lease : await s.take(id);
        const [request] = (await s.inbox(id)).signals;
        await s.write(s.delivered(live, 0, { kind: 'signal', signalId: request!.id }));
        expect(await requests(s, id)).toBe(0);
        await s.store.cancel(id, () => '"c"');
        expect(await requests(s, id)).toBe(1);
      },
    );
  });

  describe('a saga', () => {
    const mark = { kind: 'saga', name: '', outcome: null, value: null } as const;
    const paused = async (s: Scene): Promise<string> => {
      const live = await s.running();
      await s.write(s.entry(live, -1, mark));
      const open = { kind: 'compensation', outcome: null, value: '"e"', tries: 3 } as const;
      await s.write(s.entry(live, 4, open), s.entry(live, 3, { ...open, outcome: 'ok' }));
      await s.move(s.transition(live, 'paused', { error: '"p"' }));
      return live.invocationId;
    };

    test('that is paused keeps a request to cancel until it is resumed', async () => {
      const s = scene();
      const id = await paused(s);
      expect(await s.store.cancel(id, () => '"c"')).toMatchObject({ result: 'ok', ended: [] });
      expect([(await s.record(id))?.status, await requests(s, id)]).toEqual(['paused', 1]);
      await s.store.resume(id);
      expect((await s.claim(id)).claimed).toHaveLength(1);
    });

    test('goes on when its open compensation is skipped, and only then', async () => {
      const s = scene();
      const id = await paused(s);
      expect((await s.store.skipCompensation(id, '"s"')).news.awoken).toMatchObject([{ id, owner: null }]);
      expect(await s.record(id)).toMatchObject({ status: 'scheduled', error: null });
      expect(await s.journal(id)).toMatchObject([
        { index: -1 },
        { index: 3, outcome: 'ok', value: '"e"' },
        { index: 4, outcome: 'ok', value: '"s"', tries: 3 },
      ]);
      expect((await s.store.skipCompensation(id, '"s"')).result).toBe('refused');
      await s.store.pause(id, '"p"');
      expect((await s.store.skipCompensation(id, '"s"')).result).toBe('refused');
      expect((await s.record(id))?.status).toBe('paused');
    });

    test('is not retried once all is undone', async () => {
      const s = scene();
      for (const [outcome, result] of [
        [null, 'ok'],
        ['ok', 'compensated'],
      ] as const) {
        const live = await s.running();
        await s.write(s.entry(live, -1, { ...mark, outcome, value: '"v"' }));
        await s.move(s.transition(live, 'failed', { error: '"e"' }));
        expect(await s.store.retry(live.invocationId)).toBe(result);
        expect((await s.record(live.invocationId))?.status).toBe(outcome === null ? 'scheduled' : 'failed');
      }
    });
  });

  describe('kill', () => {
    /** A root that waits for a child, which waits for another, and has sent a third. */
    const tree = async (s: Scene) => {
      const above = await s.running();
      const leases: Lease[] = [above];
      for (const _ of times(3, () => 0)) {
        const parent = leases.at(-1)!;
        await s.write(s.entry(parent, 0, { kind: 'call' }));
        leases.push(await s.running(s.child(parent, 0)));
      }
      const sent = await s.running(s.child(leases[1]!, null));
      return { leases, sent };
    };

    test('ends all that is waited for, not what was sent, and answers who is above', async () => {
      const s = scene();
      const { leases, sent } = await tree(s);
      const [above, ...below] = leases.map(({ invocationId }) => invocationId);
      const { ended, news } = await kill(s, below[0]!);
      expect(ended.map(({ id }) => id).sort()).toEqual([...below].sort());
      expect(news.awoken).toContainEqual({ id: above, service: s.service, wakes: 1, owner: s.worker });
      const error = `"killed ${below[0]}"`;
      expect((await s.inbox(above!)).settled).toEqual([{ index: 0, outcome: 'error', value: error }]);
      for (const id of below)
        expect(await s.record(id)).toMatchObject({ status: 'cancelled', error: `"killed ${id}"` });
      expect(await s.record(sent.invocationId)).toMatchObject({ status: 'running' });
      for (const lease of leases.slice(1)) expect(await s.write(s.delivered(lease, 0))).toEqual(['fenced']);
      expect(await s.journal(below[1]!)).toMatchObject([{ outcome: null }]);
    });

    test.each(['kill', 'cancel'] as const)('%s answers a call only, not what took its place', async order => {
      const s = scene();
      const parent = await s.running();
      const child = s.child(parent, 0, { owner: null });
      await s.accept(child);
      // As after a retry of the parent, whose code now does something else there.
      await s.write(s.entry(parent, 0, { kind: 'sleep', dueInMs: 3_600_000 }));
      expect((await s.store[order](child.id, () => '"ended"')).result).toBe('ok');
      expect(await s.journal(parent.invocationId)).toMatchObject([{ kind: 'sleep', outcome: null }]);
      expect((await s.inbox(parent.invocationId)).wakes).toBe(0);
    });

    test('meets calls that are being made: no child outlives its parent', async () => {
      const s = scene();
      for (const _ of times(60, () => 0)) {
        const parent = await s.running();
        const children = times(4, index => s.child(parent, index));
        const [accepted] = await Promise.all([
          Promise.all(children.map(child => s.accept(child))),
          kill(s, parent.invocationId),
        ]);
        for (const [at, [result]] of accepted.entries()) {
          const status = (await s.store.find(children[at]!.id))?.status;
          expect([result, status]).toEqual(result === 'ok' ? ['ok', 'cancelled'] : ['fenced', undefined]);
        }
      }
    }, 60_000);

    test('frees the object for the next in line', async () => {
      const s = scene();
      const object = s.object();
      const [first, second] = [s.exclusive(object), s.exclusive(object)];
      await s.accept(first, second);
      const { news } = await kill(s, first.id);
      expect(news.freed).toEqual([object.id]);
      expect((await s.store.promote(news.freed, s.worker)).claimed).toMatchObject([
        { lease: { invocationId: second.id } },
      ]);
    });
  });

  describe('pause', () => {
    test.each(['running', 'suspended', 'backing_off', 'scheduled'] as const)(
      'takes what is %s from all, until it is resumed',
      async status => {
        const s = scene();
        const lease = await s.running();
        const id = lease.invocationId;
        if (status !== 'running') await s.move(s.transition(lease, status, { dueInMs: 60_000 }));
        expect((await s.store.resume(id)).result).toBe('refused');
        expect((await s.store.pause(id, '"p"')).result).toBe('ok');
        expect((await s.store.pause(id, '"p"')).result).toBe('refused');
        expect(await s.write(s.delivered(lease, 0))).toEqual(['fenced']);
        await s.arrive(s.signal(id, 'x'));
        expect((await s.claim(id)).claimed).toEqual([]);
        expect((await s.store.resume(id)).news.awoken).toMatchObject([{ id, owner: null }]);
        expect((await s.claim(id)).claimed).toHaveLength(1);
        expect((await s.inbox(id)).signals).toHaveLength(1);
      },
    );

    test('of the first in line blocks the queue until it is resumed', async () => {
      const s = scene();
      const object = s.object();
      const [first, second, third] = times(3, () => s.exclusive(object));
      await s.accept(first!, second!, third!);
      await s.store.pause(second!.id, '"p"');
      await s.store.resume(second!.id);
      expect((await s.claim(second!.id)).claimed).toEqual([]);
      await s.store.pause(second!.id, '"p"');
      await kill(s, first!.id);
      expect((await s.store.promote([object.id], s.worker)).claimed).toEqual([]);
      expect((await s.store.promote([object.id], s.worker)).claimed).toEqual([]);
      await s.store.resume(second!.id);
      expect((await s.claim(second!.id)).claimed).toHaveLength(1);
    });

    test.each(['kill', 'cancel'] as const)('of the first in line blocks it until a %s', async order => {
      const s = scene();
      const object = s.object();
      const [first, second, third] = times(3, () => s.exclusive(object));
      await s.accept(first!, second!, third!);
      await s.store.pause(second!.id, '"p"');
      await kill(s, first!.id);
      await s.store.promote([object.id], s.worker);
      const { news } = await (order === 'kill'
        ? kill(s, second!.id)
        : s.store.cancel(second!.id, () => '"c"'));
      expect(news.freed).toEqual([object.id]);
      const { claimed } = await s.store.promote(news.freed, s.worker);
      expect(claimed).toMatchObject([{ lease: { invocationId: third!.id } }]);
    });
  });
}
