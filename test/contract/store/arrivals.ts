import { v7 as uuid } from 'uuid';
import type { Lease } from '../../../lib/ports/store.js';
import { times } from './scene.js';
import type { Scene } from './scene.js';

/** What comes to an invocation from outside: outcomes of calls, completions of awakeables, signals. */
export function describeArrivals(scene: () => Scene): void {
  /** An invocation with an open entry of a kind at 0. */
  const waiting = async (s: Scene, kind: 'call' | 'awakeable' | 'step'): Promise<Lease> => {
    const lease = await s.running();
    await s.write(s.entry(lease, 0, { kind, name: 'token' }));
    return lease;
  };
  const suspend = (s: Scene, lease: Lease, wakes = 0) =>
    s.move(s.transition(lease, 'suspended', { wakes, dueInMs: null }));

  describe('the outcome of a call', () => {
    test.each([
      ['completed', { output: '"done"' }, 'ok', '"done"'],
      ['failed', { error: '"broken"' }, 'error', '"broken"'],
      ['cancelled', { error: '"stopped"' }, 'error', '"stopped"'],
    ] as const)('settles its entry: %s', async (status, ending, outcome, value) => {
      const s = scene();
      const lease = await waiting(s, 'call');
      const child = await s.running(s.child(lease, 0));
      const { news } = await s.commit({
        transitions: [
          s.transition(child, status, { ...ending, parent: { invocationId: lease.invocationId, index: 0 } }),
        ],
      });
      expect(news.awoken).toEqual([
        { id: lease.invocationId, service: s.service, wakes: 1, owner: s.worker },
      ]);
      expect(await s.journal(lease.invocationId)).toMatchObject([{ outcome, value, seq: null }]);
      expect(await s.inbox(lease.invocationId)).toEqual({
        invocationId: lease.invocationId,
        epoch: expect.any(Number) as number,
        wakes: 1,
        settled: [{ index: 0, outcome, value }],
        signals: [],
      });
    });

    test('wakes whoever is suspended: it is due at once', async () => {
      const s = scene();
      const lease = await waiting(s, 'call');
      const child = await s.running(s.child(lease, 0));
      await suspend(s, lease);
      expect(await s.claimDue()).toEqual([]);
      const parent = { invocationId: lease.invocationId, index: 0 };
      const { news } = await s.commit({
        transitions: [s.transition(child, 'completed', { output: '1', parent })],
      });
      expect(news.awoken).toMatchObject([{ id: lease.invocationId, owner: null }]);
      expect(await s.claimDue()).toMatchObject([{ lease: { invocationId: lease.invocationId }, wakes: 1 }]);
    });

    test('of many children in one batch, all answer, and their parent is woken once', async () => {
      const s = scene();
      const lease = await s.running();
      await s.write(...times(20, index => s.entry(lease, index, { kind: 'call' })));
      const children = times(20, index => s.child(lease, index));
      await s.accept(...children);
      await suspend(s, lease);
      const { news } = await s.commit({
        transitions: children.map(({ id }, index) =>
          s.transition({ invocationId: id, epoch: 1 }, 'completed', {
            output: `${index}`,
            parent: { invocationId: lease.invocationId, index },
          }),
        ),
      });
      expect(news.awoken).toEqual([{ id: lease.invocationId, service: s.service, wakes: 20, owner: null }]);
      const { settled } = await s.inbox(lease.invocationId);
      expect(settled.map(({ value }) => value)).toEqual(times(20, index => `${index}`));
    });

    test('answers once: a repetition changes nothing, nor does a fenced one', async () => {
      const s = scene();
      const lease = await waiting(s, 'call');
      const child = await s.running(s.child(lease, 0));
      const parent = { invocationId: lease.invocationId, index: 0 };
      const end = (epoch: number, output: string) =>
        s.commit({ transitions: [s.transition({ ...child, epoch }, 'completed', { output, parent })] });
      expect(await end(9, '"zombie"')).toEqual(s.result({ transitions: ['fenced'] }));
      expect(await end(1, '"first"')).toMatchObject({ transitions: ['ok'] });
      expect(await end(1, '"first"')).toEqual(s.result({ transitions: ['duplicate'] }));
      expect(await s.inbox(lease.invocationId)).toMatchObject({ wakes: 1, settled: [{ value: '"first"' }] });
    });

    test('is for a call only: an entry that took its place after a retry is left alone', async () => {
      const s = scene();
      const lease = await waiting(s, 'step');
      const child = await s.running(s.child(lease, 0));
      const parent = { invocationId: lease.invocationId, index: 0 };
      const { news } = await s.commit({
        transitions: [s.transition(child, 'completed', { output: '"late"', parent })],
      });
      expect(news.awoken).toEqual([]);
      expect(await s.journal(lease.invocationId)).toMatchObject([{ outcome: null, value: null }]);
    });

    test('of one that nobody waits for concerns nobody', async () => {
      const s = scene();
      const lease = await s.running();
      const sent = s.child(lease, null);
      await s.accept(sent);
      const { claimed } = await s.claim(sent.id);
      expect(claimed).toEqual([]);
      expect(await s.record(sent.id)).toMatchObject({ parentId: lease.invocationId, status: 'running' });
      const ended = await s.commit({
        transitions: [s.transition({ invocationId: sent.id, epoch: 1 }, 'completed', { output: '1' })],
      });
      expect(ended).toEqual(s.result({ transitions: ['ok'] }));
    });

    test('comes with the lease of a claim: whose call it is', async () => {
      const s = scene();
      const lease = await s.running();
      const [called, sent] = [s.child(lease, 7, { owner: null }), s.child(lease, null, { owner: null })];
      await s.accept(called, sent);
      const { claimed } = await s.claim(called.id, sent.id);
      const parents = new Map(claimed.map(({ lease: { invocationId }, parent }) => [invocationId, parent]));
      expect(parents.get(called.id)).toEqual({ invocationId: lease.invocationId, index: 7 });
      expect(parents.get(sent.id)).toBeNull();
      const children = await s.store.list({ parentId: lease.invocationId, limit: 10 });
      expect(children.map(({ id }) => id).sort()).toEqual([called.id, sent.id].sort());
    });

    test('nothing is accepted for a parent whose lease is over', async () => {
      const s = scene();
      const lease = await s.ended('suspended', { dueInMs: 60_000 });
      const [child, plain] = [s.child(lease, 0), s.invocation()];
      expect(await s.accept(child, plain)).toEqual(['fenced', 'ok']);
      expect(await s.store.find(child.id)).toBeUndefined();
      const live = await s.running();
      const twice = s.child(live, 0);
      expect(await s.accept(twice)).toEqual(['ok']);
      expect(await s.accept(twice)).toEqual(['duplicate']);
    });

    test('is not undone by a late write that opens the entry', async () => {
      const s = scene();
      const lease = await waiting(s, 'awakeable');
      expect(await s.arrive(s.completion(lease, 0, { value: '"here"' }))).toEqual(['ok']);
      const opening = s.entry(lease, 0, { kind: 'awakeable', name: 'token', tries: 1 });
      expect(await s.write(opening)).toEqual(['duplicate']);
      expect(await s.journal(lease.invocationId)).toMatchObject([{ outcome: 'ok', value: '"here"' }]);
    });
  });

  describe('the completion of an awakeable', () => {
    test('settles it and wakes its invocation; the first one wins, and may be repeated', async () => {
      const s = scene();
      const lease = await waiting(s, 'awakeable');
      await suspend(s, lease);
      const first = s.completion(lease, 0, { value: '"first"' });
      expect(await s.commit({ arrivals: [first] })).toMatchObject({
        arrivals: ['ok'],
        news: { awoken: [{ id: lease.invocationId, wakes: 1, owner: null }] },
      });
      expect(await s.commit({ arrivals: [first] })).toEqual(s.result({ arrivals: ['ok'] }));
      const others = [{ value: '"second"' }, { value: '"first"', outcome: 'error' as const }];
      for (const other of others)
        expect(await s.arrive(s.completion(lease, 0, other))).toEqual(['duplicate']);
      expect(await s.inbox(lease.invocationId)).toMatchObject({ wakes: 1, settled: [{ value: '"first"' }] });
      expect(await s.claimDue()).toMatchObject([{ wakes: 1 }]);
    });

    test('once it is delivered, it is in the inbox no more, and the answers stay', async () => {
      const s = scene();
      const lease = await waiting(s, 'awakeable');
      const first = s.completion(lease, 0);
      await s.arrive(first);
      await s.write(s.delivered(lease, 0, { kind: 'awakeable', name: 'token', value: '1' }));
      expect(await s.inbox(lease.invocationId)).toMatchObject({ wakes: 1, settled: [] });
      expect(await s.arrive(first)).toEqual(['ok']);
      expect(await s.arrive(s.completion(lease, 0, { value: '2' }))).toEqual(['duplicate']);
    });

    test('is not found with another token, at another entry, of another kind, or for nobody', async () => {
      const s = scene();
      const lease = await waiting(s, 'awakeable');
      const step = await waiting(s, 'step');
      const wrong = [
        s.completion(lease, 0, { token: 'guess' }),
        s.completion(lease, 1),
        s.completion(step, 0),
        s.completion({ invocationId: uuid(), epoch: 1 }, 0),
      ];
      for (const one of wrong)
        expect(await s.commit({ arrivals: [one] })).toEqual(s.result({ arrivals: ['not_found'] }));
      expect(await s.arrive(...wrong.slice(1))).toEqual(['not_found', 'not_found', 'not_found']);
      expect(await s.journal(lease.invocationId)).toMatchObject([{ outcome: null }]);
    });

    test('is over when the invocation is, unless it was completed before', async () => {
      const s = scene();
      const [open, completed] = [await waiting(s, 'awakeable'), await waiting(s, 'awakeable')];
      await s.arrive(s.completion(completed, 0));
      await s.move(s.transition(open, 'completed'), s.transition(completed, 'completed'));
      expect(await s.arrive(s.completion(open, 0), s.completion(completed, 0))).toEqual(['over', 'ok']);
      expect(await s.arrive(s.completion(completed, 0, { value: '2' }))).toEqual(['duplicate']);
      expect(await s.journal(open.invocationId)).toMatchObject([{ outcome: null }]);
    });

    test('of many at once, one wins, and all are told the truth', async () => {
      const s = scene();
      for (let round = 0; round < 30; round++) {
        const lease = await waiting(s, 'awakeable');
        // Each value twice: of the two that are the same, both are told that they won, or neither.
        const results = await Promise.all(
          times(8, n => s.arrive(s.completion(lease, 0, { value: `${n >> 1}` }))),
        );
        const [entry] = await s.journal(lease.invocationId);
        const won = Number(entry!.value);
        expect(results.flat()).toEqual(times(8, n => (n >> 1 === won ? 'ok' : 'duplicate')));
        expect((await s.inbox(lease.invocationId)).wakes).toBe(1);
      }
    }, 30_000);
  });

  describe('a signal', () => {
    test('is buffered in the order of its arrival until it is taken, over batches and within', async () => {
      const s = scene();
      const lease = await s.running();
      const id = lease.invocationId;
      const names = times(12, n => `s${n}`);
      const signals = names.map(name => s.signal(id, name));
      expect(await s.arrive(...signals.slice(0, 5))).toEqual(times(5, () => 'ok'));
      for (const one of signals.slice(5, 8)) await s.arrive(one);
      await s.arrive(...signals.slice(8));
      const inbox = await s.inbox(id);
      expect(inbox.wakes).toBe(12);
      expect(inbox.signals.map(({ name }) => name)).toEqual(names);
      expect(inbox.signals[3]).toMatchObject({ name: 's3', value: '"s3"' });

      const taken = inbox.signals[1]!;
      const entry = s.delivered(lease, 0, { kind: 'signal', name: 's1', signalId: taken.id });
      expect(await s.write({ ...entry, lease: { ...lease, epoch: 9 } })).toEqual(['fenced']);
      expect((await s.inbox(id)).signals).toHaveLength(12);
      expect(await s.write(entry)).toEqual(['ok']);
      expect((await s.inbox(id)).signals.map(({ name }) => name)).toEqual(
        names.filter(name => name !== 's1'),
      );
    });

    test('keeps its order behind ones that were sent again in the same batch', async () => {
      const s = scene();
      const { invocationId: id } = await s.running();
      const before = times(3, n => s.signal(id, `before-${n}`));
      await s.arrive(...before);
      expect(await s.arrive(...before, s.signal(id, 'first'))).toEqual([
        'duplicate',
        'duplicate',
        'duplicate',
        'ok',
      ]);
      await s.arrive(s.signal(id, 'second'));
      const { signals } = await s.inbox(id);
      expect(signals.map(({ name }) => name).slice(3)).toEqual(['first', 'second']);
    });

    test('with an id that was here is a duplicate, buffered or taken, in one batch too', async () => {
      const s = scene();
      const lease = await s.running();
      const id = lease.invocationId;
      const signal = s.signal(id, 'go');
      expect(await s.arrive(signal, signal)).toEqual(['ok', 'duplicate']);
      expect(await s.commit({ arrivals: [signal] })).toEqual(s.result({ arrivals: ['duplicate'] }));
      const [buffered] = (await s.inbox(id)).signals;
      await s.write(s.delivered(lease, 0, { kind: 'signal', name: 'go', signalId: buffered!.id }));
      // Its sender never got the answer, and sends it again: it must not be delivered twice.
      expect(await s.arrive(signal)).toEqual(['duplicate']);
      expect(await s.inbox(id)).toMatchObject({ wakes: 1, signals: [] });
      // The same id for another invocation is another signal.
      const other = await s.running();
      expect(await s.arrive({ ...signal, invocationId: other.invocationId } as typeof signal)).toEqual([
        'ok',
      ]);
    });

    test('wakes what is suspended, and tells the owner of what runs', async () => {
      const s = scene();
      const [running, asleep] = [await s.running(), await s.running()];
      await suspend(s, asleep);
      const ids = [running.invocationId, asleep.invocationId];
      const { news } = await s.commit({ arrivals: ids.map(id => s.signal(id, 'go')) });
      const byId = new Map(news.awoken.map(awoken => [awoken.id, awoken]));
      expect(byId.get(ids[0]!)).toMatchObject({ owner: s.worker, wakes: 1 });
      expect(byId.get(ids[1]!)).toMatchObject({ owner: null, wakes: 1 });
      expect(await s.claimDue()).toMatchObject([{ lease: { invocationId: ids[1] } }]);
    });

    test('does not hurry what waits for a time: a delay, a retry', async () => {
      const s = scene();
      const delayed = await s.scheduled({ delayMs: 60_000 });
      const { invocationId: retrying } = await s.ended('backing_off', { dueInMs: 60_000 });
      expect(await s.arrive(s.signal(delayed, 'go'), s.signal(retrying, 'go'))).toEqual(['ok', 'ok']);
      expect(await s.claimDue()).toEqual([]);
      expect((await s.inbox(delayed)).signals).toHaveLength(1);
    });

    test('for one that is over, or that does not exist, goes nowhere', async () => {
      const s = scene();
      const { invocationId: over } = await s.ended('failed', { error: '"e"' });
      const batch = { arrivals: [s.signal(over, 'go'), s.signal(uuid(), 'go')] };
      expect(await s.commit(batch)).toEqual(s.result({ arrivals: ['over', 'not_found'] }));
      expect(await s.inbox(over)).toMatchObject({ wakes: 0, signals: [] });
      expect(await s.store.inboxes([uuid()])).toEqual([]);
    });

    test('that was taken after the failure of which a retry makes nothing, is there again', async () => {
      const s = scene();
      const lease = await s.running();
      const id = lease.invocationId;
      await s.arrive(s.signal(id, 'before'), s.signal(id, 'after'));
      const [before, after] = (await s.inbox(id)).signals;
      await s.commit({
        entries: [
          s.delivered(lease, 0, { kind: 'signal', name: 'before', signalId: before!.id }),
          s.delivered(lease, 1, { outcome: 'error', value: '"e"' }),
          s.delivered(lease, 2, { kind: 'signal', name: 'after', signalId: after!.id }),
        ],
        transitions: [s.transition(lease, 'failed', { error: '"e"', failedEntry: 1 })],
      });
      expect((await s.inbox(id)).signals).toEqual([]);
      expect(await s.store.retry(id)).toBe('ok');
      expect((await s.inbox(id)).signals.map(({ name }) => name)).toEqual(['after']);
      expect(await s.journal(id)).toHaveLength(1);
    });

    test('is gone with its invocation', async () => {
      const s = scene();
      const lease = await s.running();
      await s.arrive(s.signal(lease.invocationId, 'unread'));
      await s.move(s.transition(lease, 'completed'));
      await s.store.purge({ olderThanMs: 0, limit: 1000 });
      await s.accept(s.invocation({ id: lease.invocationId }));
      expect((await s.inbox(lease.invocationId)).signals).toEqual([]);
    });
  });

  describe('suspended although something has come', () => {
    test('that its attempt knows of: it waits', async () => {
      const s = scene();
      const lease = await s.running();
      await s.arrive(s.signal(lease.invocationId, 'known'));
      expect(await suspend(s, lease, 1)).toEqual(['ok']);
      expect(await s.claimDue()).toEqual([]);
    });

    test('that its attempt does not know of: it is due at once, whatever time it waits for', async () => {
      const s = scene();
      const lease = await s.running();
      const id = lease.invocationId;
      await s.arrive(s.signal(id, 'known'), s.signal(id, 'missed'));
      const { news } = await s.commit({
        transitions: [s.transition(lease, 'suspended', { wakes: 1, dueInMs: 60_000 })],
      });
      expect(news.awoken).toEqual([{ id, service: s.service, wakes: 2, owner: null }]);
      expect(await s.claimDue()).toMatchObject([{ lease: { invocationId: id }, wakes: 2 }]);
    });

    test('at the very same moment, 200 times: none is lost', async () => {
      const s = scene();
      for (let block = 0; block < 10; block++) {
        const leases = await Promise.all(times(20, () => s.running()));
        const results = await Promise.all(
          leases.flatMap((lease, n) => {
            const sleep = () => suspend(s, lease);
            const call = () => s.arrive(s.signal(lease.invocationId, 'go'));
            return n % 2 ? [sleep(), call()] : [call(), sleep()];
          }),
        );
        expect(new Set(results.flat())).toEqual(new Set(['ok']));
        const due = (await s.claimDue()).map(({ lease }) => lease.invocationId);
        expect(due.sort()).toEqual(leases.map(({ invocationId }) => invocationId).sort());
      }
    }, 60_000);
  });
}
