import { v7 as uuid } from 'uuid';
import type { Claimed, Lease, NewInvocation, ObjectRef } from '../../../lib/ports/store.js';
import { tick, times } from './scene.js';
import type { Scene } from './scene.js';

/** Virtual objects: who has one for itself, who is next, and what is kept of it. */
export function describeObjects(scene: () => Scene): void {
  const leaseOf = ({ id }: { readonly id: string }, epoch = 1): Lease => ({ invocationId: id, epoch });
  const end = (s: Scene, lease: Lease, object: ObjectRef, status: 'completed' | 'failed' = 'completed') =>
    s.commit({
      transitions: [s.transition(lease, status, { output: '1', error: '"e"', holds: object.id })],
    });
  /** Ends whoever has the object, gives it to the next, and so on: the ids in the order of their turns. */
  const turns = async (s: Scene, first: Lease, object: ObjectRef): Promise<string[]> => {
    const order: string[] = [];
    for (let lease: Lease | undefined = first; lease;) {
      order.push(lease.invocationId);
      const { news } = await end(s, lease, object);
      const { claimed } = await s.store.promote(news.freed, s.worker);
      expect(claimed.length).toBe(news.freed.length);
      lease = claimed[0]?.lease;
    }
    return order;
  };

  const set = (
    s: Scene,
    lease: Lease,
    index: number,
    object: ObjectRef,
    name: string,
    value: string | null,
  ) => s.delivered(lease, index, { kind: 'state', name, state: { objectId: object.id, name, value } });

  describe('queueing for an object', () => {
    test('the first has it at once, the others wait in the order of the batch, not of their ids', async () => {
      const s = scene();
      const object = s.object();
      const accepts = times(6, () => s.exclusive(object)).reverse();
      expect(await s.accept(...accepts)).toEqual(['ok', ...times(5, () => 'queued')]);
      expect(await s.record(accepts[0]!.id)).toMatchObject({
        status: 'running',
        owner: s.worker,
        epoch: 1,
        key: 'key',
      });
      expect(await s.record(accepts[1]!.id)).toMatchObject({
        status: 'scheduled',
        owner: null,
        epoch: 0,
        dueAt: null,
      });
      expect(await s.claimDue()).toEqual([]);
      expect(await turns(s, leaseOf(accepts[0]!), object)).toEqual(accepts.map(({ id }) => id));
    });

    test('keeps that order over batches, and beside other objects and plain invocations', async () => {
      const s = scene();
      const [one, two] = [s.object(), s.object('two')];
      const batches = times(4, () => [s.exclusive(one), s.invocation(), s.exclusive(two), s.exclusive(one)]);
      for (const batch of batches) await s.accept(...batch);
      const queueOf = (object: ObjectRef) => batches.flat().filter(accept => accept.object === object);
      for (const object of [one, two]) {
        const queue = queueOf(object);
        expect(await turns(s, leaseOf(queue[0]!), object)).toEqual(queue.map(({ id }) => id));
      }
    });

    test('by many at once: one has it, and each gets its turn, those of one batch in its order', async () => {
      const s = scene();
      const object = s.object();
      const batches = times(10, () => times(4, () => s.exclusive(object)).reverse());
      const results = await Promise.all(batches.map(batch => s.accept(...batch)));
      expect(results.flat().filter(result => result === 'ok')).toHaveLength(1);
      const first = batches.find((_, n) => results[n]![0] === 'ok')![0]!;
      const order = await turns(s, leaseOf(first), object);
      expect([...order].sort()).toEqual(
        batches
          .flat()
          .map(({ id }) => id)
          .sort(),
      );
      for (const batch of batches) {
        const places = batch.map(({ id }) => order.indexOf(id));
        expect(places).toEqual([...places].sort((a, b) => a - b));
      }
    }, 30_000);

    test('without an owner, the first one is due, and claimed with the object', async () => {
      const s = scene();
      const object = s.object('a:b');
      const [first, second] = times(2, () => s.exclusive(object, { owner: null })) as [
        NewInvocation,
        NewInvocation,
      ];
      expect(await s.accept(first, second)).toEqual(['ok', 'queued']);
      expect(await s.claimDue()).toMatchObject([{ lease: leaseOf(first), object, entered: true }]);
      expect((await s.claim(second.id)).claimed).toEqual([]);
    });

    test('is not for shared ones: they run beside whoever has it', async () => {
      const s = scene();
      const object = s.object();
      await s.accept(s.exclusive(object));
      const shared = s.invocation({ object, owner: null });
      expect(await s.accept(shared)).toEqual(['ok']);
      expect(await s.claimDue()).toMatchObject([{ lease: leaseOf(shared), object, entered: false }]);
      expect(await s.store.stranded(1000)).not.toContain(object.id);
    });

    test('an id that exists takes neither the object nor a place in line', async () => {
      const s = scene();
      const object = s.object();
      const [first, second] = [s.exclusive(object), s.exclusive(object)];
      await s.accept(first);
      await end(s, leaseOf(first), object);
      expect(await s.accept(first)).toEqual(['duplicate']);
      expect(await s.accept(first, second, second)).toEqual(['duplicate', 'ok', 'duplicate']);
      expect(await s.accept(second)).toEqual(['duplicate']);
      expect(await turns(s, leaseOf(second), object)).toEqual([second.id]);
    });

    test('for a parent whose lease is over takes neither', async () => {
      const s = scene();
      const object = s.object();
      const gone = await s.ended('suspended', { dueInMs: 60_000 });
      const fenced = s.exclusive(object, { parent: { lease: gone, index: 0 } });
      const first = s.exclusive(object);
      expect(await s.accept(fenced, first)).toEqual(['fenced', 'ok']);
      expect(await turns(s, leaseOf(first), object)).toEqual([first.id]);
    });
  });

  describe('freeing an object', () => {
    test('tells so if others wait, and only then', async () => {
      const s = scene();
      const object = s.object();
      const [first, second] = [s.exclusive(object), s.exclusive(object)];
      await s.accept(first, second);
      expect((await end(s, leaseOf(first), object)).news.freed).toEqual([object.id]);
      expect(await s.store.stranded(1000)).toContain(object.id);
      const { claimed, due } = await s.store.promote([object.id], s.worker);
      expect(due).toEqual([]);
      expect(claimed).toMatchObject([{ lease: leaseOf(second), object, entered: true, service: s.service }]);
      expect(await s.record(second.id)).toMatchObject({ status: 'running', owner: s.worker, epoch: 1 });
      expect(await s.store.stranded(1000)).not.toContain(object.id);
      expect((await end(s, leaseOf(second), object)).news.freed).toEqual([]);
      expect(await s.accept(s.exclusive(object))).toEqual(['ok']);
    });

    test('is what only its holder does, by its end, under its lease', async () => {
      const s = scene();
      const object = s.object();
      const [first, second] = [s.exclusive(object), s.exclusive(object)];
      const shared = s.invocation({ object, owner: s.worker });
      await s.accept(first, second, shared);
      const nothing = [];
      nothing.push((await end(s, leaseOf(shared), object)).news);
      nothing.push((await end(s, leaseOf(first, 7), object)).news);
      const pause = s.transition(leaseOf(first), 'suspended', { dueInMs: 0, holds: object.id });
      nothing.push((await s.commit({ transitions: [pause] })).news);
      expect(nothing.map(({ freed }) => freed)).toEqual([[], [], []]);
      expect(await s.store.promote([object.id], s.worker)).toEqual({ claimed: [], due: [] });
      expect(await s.claimDue()).toMatchObject([{ lease: leaseOf(first, 2), entered: true }]);
      expect((await end(s, leaseOf(first, 2), object, 'failed')).news.freed).toEqual([object.id]);
    });

    test('without a worker to take it, the next one is due at once', async () => {
      const s = scene();
      const object = s.object();
      const [first, second] = [s.exclusive(object), s.exclusive(object)];
      await s.accept(first, second);
      await end(s, leaseOf(first), object);
      const expected = { claimed: [], due: [{ id: second.id, service: s.service }] };
      expect(await s.store.promote([object.id], null)).toEqual(expected);
      expect(await s.store.promote([object.id], null)).toEqual({ claimed: [], due: [] });
      expect(await s.claimDue()).toMatchObject([{ lease: leaseOf(second), entered: true }]);
    });

    test('who comes between the end of one and the turn of the next waits behind it', async () => {
      const s = scene();
      const object = s.object();
      const [first, second, third] = times(3, () => s.exclusive(object)) as [
        NewInvocation,
        NewInvocation,
        NewInvocation,
      ];
      await s.accept(first, second);
      await end(s, leaseOf(first), object);
      expect(await s.accept(third)).toEqual(['queued']);
      const { claimed } = await s.store.promote([object.id], s.worker);
      expect(claimed).toMatchObject([{ lease: leaseOf(second) }]);
      expect(await turns(s, leaseOf(second), object)).toEqual([second.id, third.id]);
    });

    test('whose holder died before it said so is found as stranded, and goes on', async () => {
      const s = scene();
      const object = s.object();
      const accepts = times(3, () => s.exclusive(object));
      await s.accept(...accepts);
      await end(s, leaseOf(accepts[0]!), object);
      // Its holder's end was committed, and nobody lives who could know it.
      const stranded = await s.store.stranded(1000);
      expect(stranded).toContain(object.id);
      const results = await Promise.all(times(6, () => s.store.promote([object.id], s.worker)));
      const claimed = results.flatMap(result => result.claimed);
      expect(claimed).toMatchObject([{ lease: leaseOf(accepts[1]!) }]);
    });

    test('in one batch with accepts for others, of many objects at once', async () => {
      const s = scene();
      const objects = times(8, () => s.object());
      const firsts = objects.map(object => s.exclusive(object));
      const nexts = objects.map(object => s.exclusive(object));
      await s.accept(...firsts, ...nexts.slice(0, 4));
      const other = s.object();
      const { news, accepts } = await s.commit({
        accepts: [s.exclusive(other), s.exclusive(other)],
        transitions: firsts.map((first, n) =>
          s.transition(leaseOf(first), 'completed', { holds: objects[n]!.id }),
        ),
      });
      expect(accepts).toEqual(['ok', 'queued']);
      expect([...news.freed].sort()).toEqual(
        objects
          .slice(0, 4)
          .map(({ id }) => id)
          .sort(),
      );
      const { claimed } = await s.store.promote(
        objects.map(({ id }) => id),
        s.worker,
      );
      expect(claimed.map(({ lease }) => lease.invocationId).sort()).toEqual(
        nexts
          .slice(0, 4)
          .map(({ id }) => id)
          .sort(),
      );
    });

    test('480 rounds of accepts, ends and promotes at once: never two at a time, each with the state of the last, none left behind', async () => {
      const s = scene();
      const objects = times(5, () => s.object());
      const running = new Map<string, string>();
      const done = new Set<string>();
      const turns = new Map<string, number>();
      const run = async (lease: Lease, object: ObjectRef, promoted?: Claimed['state']): Promise<void> => {
        expect(running.get(object.id)).toBeUndefined();
        running.set(object.id, lease.invocationId);
        const state = promoted ?? (await s.store.states([object.id])).get(object.id);
        const turn = turns.get(object.id) ?? 0;
        expect(state?.get('turn') ?? '0').toBe(String(turn));
        turns.set(object.id, turn + 1);
        await tick();
        running.delete(object.id);
        const { news, transitions } = await s.commit({
          entries: [set(s, lease, 0, object, 'turn', String(turn + 1))],
          transitions: [s.transition(lease, 'completed', { output: '1', holds: object.id })],
        });
        expect(transitions).toEqual(['ok']);
        done.add(lease.invocationId);
        if (news.freed.length > 0) await promote(object);
      };
      const promote = async (object: ObjectRef): Promise<void> => {
        for (const { lease, state } of (await s.store.promote([object.id], s.worker)).claimed)
          await run(lease, object, state);
      };
      const ids: string[] = [];
      const client = async (n: number): Promise<void> => {
        for (let round = 0; round < 60; round++) {
          const object = objects[(n + round) % objects.length]!;
          const accept = s.exclusive(object);
          ids.push(accept.id);
          const [result] = await s.accept(accept);
          if (result === 'ok') await run(leaseOf(accept), object);
        }
      };
      await Promise.all(times(8, client));
      expect(done.size).toBe(ids.length);
      expect(await s.store.stranded(1000)).not.toContain(objects[0]!.id);
    }, 60_000);
  });

  describe('entering when claimed', () => {
    /** A delayed one that was claimed, and has not queued yet. */
    const late = async (s: Scene, object: ObjectRef): Promise<Lease> => {
      const accept = s.exclusive(object, { owner: null, at: new Date(0) });
      expect(await s.accept(accept)).toEqual(['ok']);
      const { claimed } = await s.claim(accept.id);
      expect(claimed).toMatchObject([{ object, entered: false }]);
      return claimed[0]!.lease;
    };

    test('a delayed one does not queue before it is due, and has the object if it is free', async () => {
      const s = scene();
      const object = s.object();
      const lease = await late(s, object);
      expect(await s.store.enter(lease)).toBe('ok');
      expect(await s.store.enter(lease)).toBe('ok');
      expect(await s.accept(s.exclusive(object))).toEqual(['queued']);
      expect((await end(s, lease, object)).news.freed).toEqual([object.id]);
    });

    test('waits for its turn if it is not: it gives its lease back', async () => {
      const s = scene();
      const object = s.object();
      const first = s.exclusive(object);
      await s.accept(first);
      const lease = await late(s, object);
      expect(await s.store.enter(lease)).toBe('queued');
      expect(await s.record(lease.invocationId)).toMatchObject({
        status: 'scheduled',
        owner: null,
        dueAt: null,
      });
      expect(await s.write(s.entry(lease, 0))).toEqual(['fenced']);
      expect(await s.claimDue()).toEqual([]);
      const { news } = await end(s, leaseOf(first), object);
      const { claimed } = await s.store.promote(news.freed, s.worker);
      expect(claimed).toMatchObject([{ lease: { ...lease, epoch: lease.epoch + 1 }, entered: true }]);
      expect(await s.store.enter(claimed[0]!.lease)).toBe('ok');
    });

    test('is refused without the lease', async () => {
      const s = scene();
      const object = s.object();
      const lease = await late(s, object);
      expect(await s.store.enter({ ...lease, epoch: 9 })).toBe('fenced');
      expect(await s.store.enter({ invocationId: uuid(), epoch: 1 })).toBe('fenced');
      expect(await s.accept(s.exclusive(object))).toEqual(['ok']);
    });

    test('by many at once: one has it, the others wait', async () => {
      const s = scene();
      const object = s.object();
      const leases = await Promise.all(times(8, () => late(s, object)));
      const results = await Promise.all(leases.map(lease => s.store.enter(lease)));
      expect([...results].sort()).toEqual(['ok', ...times(7, () => 'queued')]);
    });

    test('a failed one that is retried queues anew, behind who waits', async () => {
      const s = scene();
      const object = s.object();
      const [first, second] = [s.exclusive(object), s.exclusive(object)];
      await s.accept(first, second);
      const { news } = await end(s, leaseOf(first), object, 'failed');
      await s.store.promote(news.freed, s.worker);
      expect(await s.store.retry(first.id)).toBe('ok');
      const [again] = await s.claimDue();
      expect(again).toMatchObject({ lease: { invocationId: first.id }, object, entered: false });
      expect(await s.store.enter(again!.lease)).toBe('queued');
      expect(await turns(s, leaseOf(second), object)).toEqual([second.id, first.id]);
    });

    test('what a reap takes away keeps its object; what it fails gives it away', async () => {
      const s = scene();
      await s.store.reap({ maxDeaths: 100, limit: 10_000 });
      const object = s.object();
      const [first, second] = [s.exclusive(object, { owner: `dead-${uuid()}` }), s.exclusive(object)];
      await s.accept(first, second);
      await tick();
      expect(await s.store.reap({ maxDeaths: 2, limit: 100 })).toMatchObject({
        reaped: [{ id: first.id, status: 'scheduled' }],
        news: { freed: [] },
      });
      expect(await s.store.promote([object.id], s.worker)).toEqual({ claimed: [], due: [] });
      expect(await s.claim(first.id)).toMatchObject({ claimed: [{ entered: true }] });
      await tick();
      expect(await s.store.reap({ maxDeaths: 2, limit: 100 })).toMatchObject({
        reaped: [{ id: first.id, status: 'failed' }],
        news: { freed: [object.id], awoken: [], attached: [] },
      });
      await s.register(60_000);
      const { claimed } = await s.store.promote([object.id], s.worker);
      expect(claimed).toMatchObject([{ lease: leaseOf(second) }]);
    });

    test('a call that its poison child never answers is answered by the reap', async () => {
      const s = scene();
      await s.register(60_000);
      const parent = await s.running();
      await s.write(s.entry(parent, 0, { kind: 'call' }));
      await s.accept(s.child(parent, 0, { owner: `dead-${uuid()}` }));
      await tick();
      const { reaped, news } = await s.store.reap({ maxDeaths: 1, limit: 100 });
      const child = reaped.find(({ service }) => service === s.service)!;
      expect(child).toMatchObject({ status: 'failed' });
      expect(news.awoken).toContainEqual({
        id: parent.invocationId,
        service: s.service,
        wakes: 1,
        owner: s.worker,
      });
      const { error } = await s.record(child.id);
      expect(error).toContain('poison');
      expect(await s.inbox(parent.invocationId)).toMatchObject({
        settled: [{ outcome: 'error', value: error }],
      });
    });
  });

  describe('the state of an object', () => {
    const state = async (s: Scene, { id }: ObjectRef) =>
      Object.fromEntries((await s.store.states([id])).get(id) ?? []);
    test('is written with the entry that says so, the last of a batch counts, and it stays', async () => {
      const s = scene();
      const object = s.object();
      const first = s.exclusive(object);
      await s.accept(first);
      const lease = leaseOf(first);
      await s.write(set(s, lease, 0, object, 'a', '1'), set(s, lease, 1, object, 'b', '2'));
      expect(await state(s, object)).toEqual({ a: '1', b: '2' });
      await s.write(
        set(s, lease, 2, object, 'a', '3'),
        set(s, lease, 3, object, 'a', null),
        set(s, lease, 4, object, 'b', null),
        set(s, lease, 5, object, 'b', '4'),
      );
      expect(await state(s, object)).toEqual({ b: '4' });
      await end(s, lease, object);
      expect(await state(s, object)).toEqual({ b: '4' });
      expect(await s.store.states([uuid()])).toEqual(new Map());
    });

    test('comes with a promotion that leases its object to a worker, as the last holder left it', async () => {
      const s = scene();
      const [one, other, empty] = [s.object(), s.object('other'), s.object('empty')];
      const firsts = [one, other, empty].map(object => s.exclusive(object));
      await s.accept(...firsts, ...[one, one, other, empty].map(object => s.exclusive(object)));
      const [first, second] = firsts.map(accept => leaseOf(accept)) as [Lease, Lease];
      await s.write(set(s, first, 0, one, 'a', '1'), set(s, second, 0, other, 'x', '"\\" ü"'));
      await s.commit({
        entries: [set(s, first, 1, one, 'a', '2'), set(s, first, 2, one, 'b', 'null')],
        transitions: [s.transition(first, 'completed', { holds: one.id })],
      });
      await end(s, second, other);
      await end(s, leaseOf(firsts[2]!), empty);
      const { claimed } = await s.store.promote([one.id, other.id, empty.id], s.worker);
      const states = new Map(claimed.map(({ object, state }) => [object!.id, state]));
      expect(states.get(one.id)).toEqual(
        new Map([
          ['a', '2'],
          ['b', 'null'],
        ]),
      );
      expect(states.get(other.id)).toEqual(new Map([['x', '"\\" ü"']]));
      expect(states.get(empty.id)).toEqual(new Map());
      await end(s, claimed.find(({ object }) => object!.id === one.id)!.lease, one);
      expect((await s.store.promote([one.id], null)).due).toHaveLength(1);
    });

    test('is not touched by a write that is fenced, whatever else is in the batch', async () => {
      const s = scene();
      const object = s.object();
      const zombie = s.exclusive(object);
      await s.accept(zombie);
      await s.move(s.transition(leaseOf(zombie), 'suspended', { dueInMs: 0 }));
      const owner = await s.take(zombie.id);
      const results = await s.write(
        set(s, owner, 0, object, 'a', '"owner"'),
        set(s, leaseOf(zombie), 1, object, 'a', '"zombie"'),
        set(s, leaseOf(zombie), 2, object, 'b', '"zombie"'),
      );
      expect(results).toEqual(['ok', 'fenced', 'fenced']);
      expect(await state(s, object)).toEqual({ a: '"owner"' });
    });

    test('is not set back by a batch that is applied again', async () => {
      const s = scene();
      const object = s.object();
      const first = s.exclusive(object);
      await s.accept(first);
      const lost = [set(s, leaseOf(first), 0, object, 'a', '1')];
      await s.write(...lost);
      await s.write(set(s, leaseOf(first), 1, object, 'a', '2'));
      expect(await s.write(...lost)).toEqual(['duplicate']);
      expect(await state(s, object)).toEqual({ a: '2' });
    });

    test('is edited by hand while nobody has the object for itself', async () => {
      const s = scene();
      const object = s.object();
      const edit = (name: string, value: string | null) => s.store.editState(object, [{ name, value }]);
      expect(await edit('a', '1')).toBe('ok');
      expect(
        await s.store.editState(object, [
          { name: 'b', value: '2' },
          { name: 'a', value: null },
        ]),
      ).toBe('ok');
      expect(await state(s, object)).toEqual({ b: '2' });
      const [first, second] = [s.exclusive(object), s.exclusive(object)];
      expect(await s.accept(first, second)).toEqual(['ok', 'queued']);
      expect(await edit('b', '3')).toBe('busy');
      // Free for a moment, but others wait.
      await end(s, leaseOf(first), object);
      expect(await edit('b', '3')).toBe('busy');
      await s.store.promote([object.id], s.worker);
      expect(await edit('b', '3')).toBe('busy');
      expect(await state(s, object)).toEqual({ b: '2' });
      await end(s, leaseOf(second), object);
      expect(await edit('b', '3')).toBe('ok');
      expect(await state(s, object)).toEqual({ b: '3' });
    });

    test('edited and accepted for at the same moment, 80 times: nobody loses the object', async () => {
      const s = scene();
      for (let round = 0; round < 80; round++) {
        const object = s.object();
        const [first, second] = [s.exclusive(object), s.exclusive(object)];
        const edit = () => s.store.editState(object, [{ name: 'a', value: '1' }]);
        const [[accepted]] = await Promise.all([s.accept(first), edit(), edit()]);
        expect(accepted).toBe('ok');
        expect(await s.accept(second)).toEqual(['queued']);
      }
    }, 30_000);
  });
}
