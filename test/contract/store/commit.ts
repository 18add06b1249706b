import { v7 as uuid } from 'uuid';
import type { InvocationStatus } from '../../../lib/engine/status.js';
import type { InvocationRecord, NewInvocation, Transition } from '../../../lib/ports/store.js';
import { PATIENCE_MS, times } from './scene.js';
import { until } from '../../support/until.js';
import type { Scene } from './scene.js';

const YEAR = 365 * 86_400_000;

/** Texts that something on the way might take for something else. */
const TEXTS = [
  '',
  'NULL',
  '{}',
  '{"a","b"}',
  `it's "quoted" \\ \\" $1 --`,
  'a,b;\n\r\t',
  'äß漢😀\u2028',
  ' ',
];

/** What a batch makes of accepts, entries and transitions. */
export function describeCommit(scene: () => Scene): void {
  describe('accepting', () => {
    test('an invocation without an owner is due at once', async () => {
      const s = scene();
      const accept = s.invocation();
      expect(await s.accept(accept)).toEqual(['ok']);
      const record = await s.record(accept.id);
      const { id, service, handler, input, origin } = accept;
      expect(record).toMatchObject({ id, service, handler, input, origin, status: 'scheduled', epoch: 0 });
      expect(record).toMatchObject({ owner: null, failedAttempts: 0, deaths: 0, output: null, error: null });
      expect(record.createdAt.getTime()).toBeCloseTo(Date.now(), -4);
      expect(record.finishedAt).toBeNull();
      expect(await s.store.nextDue([s.service])).toBe(0);
    });

    test('an invocation with an owner is born leased to it, at epoch 1, and nobody else may claim it', async () => {
      const s = scene();
      const { invocationId } = await s.running();
      expect(await s.record(invocationId)).toMatchObject({ status: 'running', epoch: 1, owner: s.worker });
      expect(await s.claim(invocationId)).toEqual({ claimed: [], early: [] });
      expect(await s.store.nextDue([s.service])).toBeUndefined();
    });

    test('an invocation with a date is due then, whatever its delay; a past one at once', async () => {
      const s = scene();
      const later = new Date('2200-01-02T03:04:05.678Z');
      const [past, future] = [new Date(0), later].map(at => s.invocation({ at, delayMs: 60_000 })) as [
        NewInvocation,
        NewInvocation,
      ];
      await s.accept(past, future);
      expect((await s.record(future.id)).dueAt).toEqual(later);
      const { claimed, early } = await s.claim(past.id, future.id);
      expect(claimed.map(({ lease }) => lease.invocationId)).toEqual([past.id]);
      expect(early.map(({ id }) => id)).toEqual([future.id]);
    });

    test('a delay is kept, a fraction, many years and infinity included', async () => {
      const s = scene();
      const delays = [1.5, 60_000, 8000 * YEAR, Infinity];
      const accepts = delays.map(delayMs => s.invocation({ delayMs }));
      expect(await s.accept(...accepts)).toEqual(['ok', 'ok', 'ok', 'ok']);
      const due = await Promise.all(accepts.map(async ({ id }) => (await s.record(id)).dueAt!.getTime()));
      expect(due[1]! - due[0]!).toBeCloseTo(59_998.5, -1);
      expect(due[2]! - due[1]!).toBeCloseTo(8000 * YEAR - 60_000, -1);
      expect(due[3]!).toBeGreaterThan(due[2]!);
    });

    test('a date is kept to the millisecond, and counts in place of the delay; a past one is now', async () => {
      const s = scene();
      const dates = [Date.now() + 60_001, Date.now() + 7000 * YEAR, 0, -8.64e15, 8.64e15];
      const accepts = dates.map(date => s.invocation({ at: new Date(date), delayMs: 5_000 }));
      expect(await s.accept(...accepts)).toEqual(accepts.map(() => 'ok'));
      const records = await Promise.all(accepts.map(({ id }) => s.record(id)));
      const due = records.map(({ dueAt }) => dueAt!.getTime());
      expect(due.slice(0, 2)).toEqual(dates.slice(0, 2));
      // The database is finer than the milliseconds of a creation time.
      for (const at of [2, 3]) expect(due[at]! - records[at]!.createdAt.getTime()).toBeLessThan(5);
      expect(due[4]!).toBeGreaterThan(due[1]!);
    });

    test('NaN is refused before anything is written', async () => {
      const s = scene();
      const good = s.invocation();
      await expect(s.accept(good, s.invocation({ delayMs: NaN }))).rejects.toThrow(RangeError);
      expect(await s.store.find(good.id)).toBeUndefined();
    });

    test('an id that exists is a duplicate and stays as it is', async () => {
      const s = scene();
      const { invocationId: id } = await s.running();
      const before = await s.record(id);
      const other = s.invocation();
      expect(await s.accept(s.invocation({ id, handler: 'other' }), other)).toEqual(['duplicate', 'ok']);
      expect(await s.record(id)).toEqual(before);
    });

    test('of an id twice in one batch, the first one counts', async () => {
      const s = scene();
      const first = s.invocation({ input: '"first"' });
      const second = s.invocation({ id: first.id, input: '"second"' });
      expect(await s.accept(s.invocation(), first, second)).toEqual(['ok', 'ok', 'duplicate']);
      expect(await s.record(first.id)).toMatchObject({ input: '"first"' });
    });

    test('an id in capitals is the same id', async () => {
      const s = scene();
      const id = uuid();
      expect(await s.accept(s.invocation({ id: id.toUpperCase() }))).toEqual(['ok']);
      expect(await s.accept(s.invocation({ id }))).toEqual(['duplicate']);
    });
  });

  describe('writing entries', () => {
    test('an entry is changed until it is delivered, and never after', async () => {
      const s = scene();
      const lease = await s.running();
      const open = s.entry(lease, 0, { name: 'charge' });
      const failed = { ...open, tries: 1, value: '"once"' };
      const settled = { ...failed, outcome: 'ok', value: '2', durationMs: 12.7 } as const;
      const delivered = { ...settled, seq: 0 };
      for (const entry of [open, failed, settled, delivered]) expect(await s.write(entry)).toEqual(['ok']);
      const journal = await s.journal(lease.invocationId);
      expect(journal).toEqual([
        {
          index: 0,
          kind: 'step',
          name: 'charge',
          calledAfter: 0,
          seq: 0,
          outcome: 'ok',
          value: '2',
          tries: 1,
          dueIn: null,
          epoch: 1,
          durationMs: 13,
        },
      ]);
      expect(await s.write({ ...delivered, value: '3' }, { ...open, index: 1 })).toEqual(['duplicate', 'ok']);
      expect((await s.journal(lease.invocationId))[0]).toEqual(journal[0]);
    });

    test('an open entry tells how long it has to wait', async () => {
      const s = scene();
      const lease = await s.running();
      const waits = [null, 1, 60_000, 8000 * YEAR].map((dueInMs, index) =>
        s.entry(lease, index, { dueInMs }),
      );
      expect(await s.write(...waits)).toEqual(['ok', 'ok', 'ok', 'ok']);
      const isDue = async (): Promise<boolean> => (await s.journal(lease.invocationId))[1]!.dueIn! <= 0;
      await until('the second is due', isDue, PATIENCE_MS);
      const journal = await s.journal(lease.invocationId);
      expect(journal[0]!.dueIn).toBeNull();
      expect(journal[2]!.dueIn).toBeGreaterThan(50_000);
      expect(journal[2]!.dueIn).toBeLessThanOrEqual(60_000);
      expect(journal[3]!.dueIn).toBeGreaterThan(7999 * YEAR);
    });

    test('journals come in call order, each by its invocation', async () => {
      const s = scene();
      const leases = await Promise.all(times(3, () => s.running()));
      const [one, two] = leases.map(({ invocationId }) => invocationId);
      const entries = [10, 2, 0].flatMap(index => leases.slice(0, 2).map(lease => s.entry(lease, index)));
      await s.write(...entries);
      const journals = await s.store.journals(leases.map(({ invocationId }) => invocationId));
      expect([...journals.keys()].sort()).toEqual([one, two].sort());
      for (const journal of journals.values()) expect(journal.map(({ index }) => index)).toEqual([0, 2, 10]);
      expect(await s.store.journals([])).toEqual(new Map());
    });

    test('texts come back as they were', async () => {
      const s = scene();
      const lease = await s.running({ input: TEXTS.join('|') });
      const big = '😀'.repeat(300_000);
      const texts = [...TEXTS, big];
      await s.write(...texts.map((text, index) => s.entry(lease, index, { name: text, value: text })));
      const journal = await s.journal(lease.invocationId);
      expect(journal.map(({ name }) => name)).toEqual(texts);
      expect(journal.map(({ value }) => value)).toEqual(texts);
      expect((await s.record(lease.invocationId)).input).toBe(TEXTS.join('|'));
    });
  });

  describe('ending an attempt', () => {
    const soon = expect.any(Date) as unknown;
    const over = { owner: null, dueAt: null, finishedAt: soon };
    const MOVES: Record<Transition['status'], [Partial<Transition>, Partial<InvocationRecord>]> = {
      scheduled: [{ dueInMs: 0 }, { owner: null, finishedAt: null, failedAttempts: 0 }],
      backing_off: [
        { dueInMs: 60_000, error: '"e"', failedAttempt: true },
        { error: '"e"', failedAttempts: 1 },
      ],
      suspended: [{ dueInMs: 60_000 }, { owner: null, finishedAt: null }],
      paused: [{ error: '"mismatch"' }, { owner: null, dueAt: null, finishedAt: null, error: '"mismatch"' }],
      completed: [{ output: '42' }, { ...over, output: '42', error: null } as Partial<InvocationRecord>],
      failed: [
        { error: '"e"', failedEntry: 3 },
        { ...over, output: null, error: '"e"' } as Partial<InvocationRecord>,
      ],
      cancelled: [{ error: '"c"' }, { ...over, error: '"c"' } as Partial<InvocationRecord>],
    };

    test.each(Object.entries(MOVES))('%s', async (name, [transition, expected]) => {
      const s = scene();
      const lease = await s.running();
      const status = name as Transition['status'];
      expect(await s.move(s.transition(lease, status, transition))).toEqual(['ok']);
      expect(await s.record(lease.invocationId)).toMatchObject({ status, epoch: 1, ...expected });
    });

    test('what waits for a time is due then, and what does not is due never', async () => {
      const s = scene();
      const waiting: readonly InvocationStatus[] = ['scheduled', 'backing_off', 'suspended'];
      for (const status of Object.keys(MOVES) as Transition['status'][]) {
        const { invocationId } = await s.ended(status, { dueInMs: 0 });
        const { claimed } = await s.claim(invocationId);
        expect([status, claimed.length]).toEqual([status, waiting.includes(status) ? 1 : 0]);
      }
      const { invocationId } = await s.ended('suspended', { dueInMs: null });
      expect((await s.record(invocationId)).dueAt).toBeNull();
    });

    test('a release says nothing new about the outcome', async () => {
      const s = scene();
      const lease = await s.ended('backing_off', { dueInMs: 0, error: '"last"', failedAttempt: true });
      const next = await s.take(lease.invocationId);
      await s.move(s.transition(next, 'scheduled', { dueInMs: 0 }));
      expect(await s.record(lease.invocationId)).toMatchObject({ error: '"last"', failedAttempts: 1 });
    });
  });

  describe('a batch', () => {
    test('may be empty', async () => {
      const s = scene();
      expect(await s.commit({})).toEqual(s.result({}));
    });

    test('of many invocations answers by position', async () => {
      const s = scene();
      const leases = await Promise.all(times(20, () => s.running()));
      const stale = leases.map((lease, i) => (i % 3 === 0 ? { ...lease, epoch: 0 } : lease));
      const expected = leases.map((_, i) => (i % 3 === 0 ? 'fenced' : 'ok'));
      const result = await s.commit({
        accepts: leases.map(({ invocationId: id }, i) => s.invocation(i % 2 ? { id } : {})),
        entries: stale.map(lease => s.delivered(lease, 0)).reverse(),
        transitions: stale.map(lease => s.transition(lease, 'completed', { output: '1' })),
      });
      expect(result.accepts).toEqual(leases.map((_, i) => (i % 2 ? 'duplicate' : 'ok')));
      expect(result.entries).toEqual([...expected].reverse());
      expect(result.transitions).toEqual(expected);
    });

    test('is seen whole or not at all', async () => {
      const s = scene();
      const seen = new Set<number>();
      const committed = s.accept(...times(300, () => s.invocation())).then(() => true);
      do seen.add((await s.store.list({ service: s.service, limit: 1000 })).length);
      while (!(await Promise.race([committed, Promise.resolve(false)])));
      seen.add((await s.store.list({ service: s.service, limit: 1000 })).length);
      expect([...seen].filter(count => count !== 0)).toEqual([300]);
    });
  });
}
