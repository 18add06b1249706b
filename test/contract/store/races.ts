import type { Claimed, EntryRef, Lease } from '../../../lib/ports/store.js';
import { PATIENCE_MS, times } from './scene.js';
import { form } from '../../support/form.js';
import { until } from '../../support/until.js';
import type { Scene } from './scene.js';

const MANY = 100_000;
/** Of twenty races each. */
const BLOCKS = form(50, 15);

/** What must hold however calls meet. Their order is left to the store; each test is true in every one. */
export function describeRaces(scene: () => Scene): void {
  describe('races', () => {
    test(`${20 * BLOCKS} take-overs against a write: what the new owner reads is all that the old one ever wrote`, async () => {
      const s = scene();
      const round = async () => {
        const lease = await s.running();
        const id = lease.invocationId;
        const write = s.write(s.delivered(lease, 0));
        const takeOver = async () => {
          let taken: Claimed | undefined;
          const isTaken = async (): Promise<boolean> => {
            await s.store.reap({ maxDeaths: MANY, limit: MANY });
            taken = (await s.claim(id)).claimed[0];
            return taken !== undefined;
          };
          await until('it is taken over', isTaken, PATIENCE_MS);
          return { epoch: taken?.lease.epoch, journal: await s.journal(id) };
        };
        const [[result], seen] = await Promise.all([write, takeOver()]);
        expect(seen.epoch).toBe(3);
        expect([result, seen.journal.length]).toEqual(result === 'ok' ? ['ok', 1] : ['fenced', 0]);
        expect(await s.journal(id)).toEqual(seen.journal);
      };
      for (let block = 0; block < BLOCKS; block++) await Promise.all(times(20, round));
    }, 120_000);

    test('reap against outcome: it is one of the two, and the loser knows', async () => {
      const s = scene();
      const leases = await Promise.all(times(100, () => s.running()));
      const outcomes = leases.map(lease => s.move(s.transition(lease, 'completed', { output: '1' })));
      const reaps = times(10, () => s.store.reap({ maxDeaths: MANY, limit: MANY }));
      const results = (await Promise.all(outcomes)).flat();
      const reaped = new Set(
        (await Promise.all(reaps)).flatMap(({ reaped: taken }) => taken.map(({ id }) => id)),
      );
      for (const [index, { invocationId }] of leases.entries()) {
        const { status } = await s.record(invocationId);
        const expected = reaped.has(invocationId) ? ['fenced', 'scheduled'] : ['ok', 'completed'];
        expect([results[index], status]).toEqual(expected);
      }
    }, 30_000);

    test('many reaps at once: each orphan is taken once, and one death is counted', async () => {
      const s = scene();
      await s.store.reap({ maxDeaths: MANY, limit: MANY });
      const leases = await Promise.all(times(100, () => s.running()));
      const orphans = leases.map(({ invocationId }) => invocationId);
      const reaped: string[] = [];
      while (reaped.length < leases.length) {
        const results = await Promise.all(times(8, () => s.store.reap({ maxDeaths: 3, limit: 30 })));
        const ids = results.flatMap(({ reaped: taken }) => taken.map(({ id }) => id));
        // Leases of the tests before may run out meanwhile.
        reaped.push(...ids.filter(id => orphans.includes(id)));
      }
      expect(reaped.sort()).toEqual(orphans.sort());
      for (const id of reaped) expect(await s.record(id)).toMatchObject({ deaths: 1, epoch: 2 });
    }, 30_000);

    test('claim against retry: the invocation is made due once, and claimed once', async () => {
      const s = scene();
      for (let round = 0; round < 50; round++) {
        const { invocationId: id } = await s.ended('failed', { error: '"e"' });
        const retries = times(3, () => s.store.retry(id));
        const claims = times(3, () => s.claim(id));
        const answers = await Promise.all(retries);
        expect(answers.sort()).toEqual(['not_failed', 'not_failed', 'ok']);
        const claimed = (await Promise.all([...claims, s.claim(id)])).flatMap(result => result.claimed);
        // A claim that met the lock of a retry has skipped the row; the last came after all of them.
        if (claimed.length === 0) claimed.push(...(await s.claim(id)).claimed);
        expect(claimed.map(({ lease }) => lease)).toEqual([{ invocationId: id, epoch: 3 }]);
      }
    }, 30_000);

    test('purge against retry: an invocation is purged whole, or retried whole', async () => {
      const s = scene();
      for (let round = 0; round < 50; round++) {
        const lease = await s.running();
        const id = lease.invocationId;
        await s.commit({
          entries: [s.delivered(lease, 0), s.delivered(lease, 1, { outcome: 'error' })],
          transitions: [s.transition(lease, 'failed', { failedEntry: 1 })],
        });
        const [retried] = await Promise.all([
          s.store.retry(id),
          s.store.purge({ olderThanMs: 0, limit: MANY }),
        ]);
        const left = [(await s.store.find(id))?.status, (await s.journal(id)).length];
        expect([retried, ...left]).toEqual(
          retried === 'ok' ? ['ok', 'scheduled', 1] : ['not_found', undefined, 0],
        );
      }
    }, 30_000);

    test('a batch sent twice at once is applied once', async () => {
      const s = scene();
      for (let round = 0; round < 50; round++) {
        const leases = await Promise.all(times(4, () => s.running()));
        const batch = {
          accepts: times(4, () => s.invocation()),
          entries: leases.map(lease => s.delivered(lease, 0)),
          transitions: leases.map(lease =>
            s.transition(lease, 'backing_off', { dueInMs: 0, failedAttempt: true }),
          ),
        };
        const results = await Promise.all(times(3, () => s.commit(batch)));
        for (const part of ['accepts', 'entries', 'transitions'] as const) {
          for (const position of batch[part].keys()) {
            const answers = results.map(result => result[part][position]).sort();
            expect(answers).toEqual(['duplicate', 'duplicate', 'ok']);
          }
        }
        expect(await s.record(leases[0]!.invocationId)).toMatchObject({ failedAttempts: 1 });
      }
    }, 30_000);

    test('batches over the same invocations, in any order, never lock each other out', async () => {
      const s = scene();
      const leases = await Promise.all(times(30, () => s.running()));
      for (let round = 0; round < 20; round++) {
        const accepts = times(30, () => s.invocation());
        // The first ones only accept; of the others, each writes for some of the invocations.
        const writer = (n: number) => {
          const some = shuffled(leases).slice(0, n < 4 ? 0 : 10);
          return s.commit({
            accepts: shuffled(accepts),
            entries: some.map(lease => s.entry(lease, n, { tries: round })),
            transitions: shuffled(some).map(lease => s.transition({ ...lease, epoch: 9 }, 'completed')),
          });
        };
        const results = await Promise.all(times(8, writer));
        const accepted = results.flatMap(result => result.accepts).filter(answer => answer === 'ok');
        expect(accepted).toHaveLength(accepts.length);
        expect(new Set(results.flatMap(result => result.entries))).toEqual(new Set(['ok']));
        expect(new Set(results.flatMap(result => result.transitions))).toEqual(new Set(['fenced']));
      }
    }, 60_000);

    test('nor do batches that cross: over parents, children, signals and objects, with promotes and reaps', async () => {
      const s = scene();
      await s.register(60_000);
      const objects = times(4, () => s.object());
      const parents = await Promise.all(times(8, () => s.running()));
      await s.write(...parents.flatMap(lease => times(30, index => s.entry(lease, index, { kind: 'call' }))));
      const ids = parents.map(({ invocationId }) => invocationId);
      const free = times(8 * 30, n => ({ lease: parents[n % 8]!, index: Math.floor(n / 8) }));
      const held: { lease: Lease; parent: EntryRef; holds: string }[] = [];
      const adopt = async (freed: readonly string[]) => {
        const { claimed } = await s.store.promote(shuffled(freed), s.worker);
        for (const one of claimed)
          held.push({ lease: one.lease, parent: one.parent!, holds: one.object!.id });
      };
      const turn = async () => {
        const asked = free.splice(0, 3).map(({ lease, index }) => {
          const object = objects[Math.floor(Math.random() * objects.length)]!;
          return s.exclusive(object, { parent: { lease, index } });
        });
        const queues = new Set(asked.map(({ object }) => object!.id));
        const over = held.filter(({ holds }) => !queues.has(holds));
        for (const one of over) held.splice(held.indexOf(one), 1);
        const ending = new Set(over.map(({ lease }) => lease.invocationId));
        const { accepts, transitions, arrivals, news } = await s.commit({
          accepts: asked,
          transitions: over.map(({ lease, ...rest }) =>
            s.transition(lease, 'completed', { output: '1', ...rest }),
          ),
          arrivals: [...shuffled(ids), ...queued(ending)].slice(0, 6).map(id => s.signal(id, 'go')),
        });
        expect(
          [...transitions, ...arrivals].filter(result => result === 'fenced' || result === 'not_found'),
        ).toEqual([]);
        asked.forEach(({ id, object, parent }, n) => {
          waiting.add(id);
          if (accepts[n] !== 'ok') return;
          const { lease, index } = parent!;
          const entry = { invocationId: lease.invocationId, index: index! };
          held.push({ lease: { invocationId: id, epoch: 1 }, parent: entry, holds: object!.id });
        });
        for (const { lease } of over) waiting.delete(lease.invocationId);
        if (news.freed.length > 0) await adopt(news.freed);
      };
      const waiting = new Set<string>();
      const queued = (others: ReadonlySet<string>) =>
        shuffled([...waiting].filter(id => !others.has(id))).slice(0, 4);
      const driver = async () => {
        while (free.length + waiting.size > 0) await turn();
      };
      const reaps = async () => {
        while (free.length + waiting.size > 0) await s.store.reap({ maxDeaths: 2, limit: MANY });
      };
      await Promise.all([...times(6, driver), reaps()]);
      const inboxes = await s.store.inboxes(ids);
      expect(inboxes.flatMap(({ settled }) => settled)).toHaveLength(8 * 30);
    }, 60_000);
  });
}

function shuffled<T>(items: readonly T[]): T[] {
  const ranked = items.map(item => [Math.random(), item] as const);
  return ranked.sort(([a], [b]) => a - b).map(([, item]) => item);
}
