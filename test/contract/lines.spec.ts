import { randomUUID } from 'node:crypto';
import { TypeOrmStore } from '../../lib/adapters/typeorm/typeorm-store.js';
import type { Lease, ObjectRef } from '../../lib/ports/store.js';
import { openPostgres } from './databases.js';
import type { TestDatabase } from './databases.js';
import { poisonError } from './store.contract.js';
import { Scene, times } from './store/scene.js';

/** What the lines of virtual objects keep, whoever writes, and what heals them. */
describe('the line of an object', () => {
  let database: TestDatabase;
  let s: Scene;
  beforeAll(async () => {
    database = await openPostgres();
    s = new Scene(new TypeOrmStore(database.dataSource, { poisonError }));
  }, 120_000);
  afterAll(() => database.close());

  const leaseOf = (id: string): Lease => ({ invocationId: id, epoch: 1 });
  const end = async (lease: Lease, { id }: ObjectRef) => {
    const { news, transitions } = await s.commit({
      transitions: [s.transition(lease, 'completed', { output: '1', holds: id })],
    });
    expect(transitions).toEqual(['ok']);
    return news.freed;
  };

  test('is first in, first out for each client, in 400 rounds of clients that meet', async () => {
    const objects = times(3, () => s.object());
    const begun = new Map(objects.map(({ id }) => [id, [] as string[]]));
    const run = async (first: Lease, object: ObjectRef): Promise<void> => {
      for (let lease: Lease | undefined = first; lease;) {
        begun.get(object.id)!.push(lease.invocationId);
        const freed = await end(lease, object);
        const { claimed } = await s.store.promote(freed, s.worker);
        lease = claimed[0]?.lease;
      }
    };
    const client = async (n: number) => {
      const accepted = new Map(objects.map(({ id }) => [id, [] as string[]]));
      for (let round = 0; round < 100; round++) {
        const object = objects[(n + round) % objects.length]!;
        // Ids that do not tell the order.
        const accept = s.exclusive(object, { id: randomUUID() });
        accepted.get(object.id)!.push(accept.id);
        const [result] = await s.accept(accept);
        if (result === 'ok') await run(leaseOf(accept.id), object);
      }
      return accepted;
    };
    const clients = await Promise.all(times(4, client));
    for (const { id } of objects) {
      const turns = new Map(begun.get(id)!.map((turn, place) => [turn, place]));
      const all = clients.flatMap(accepted => accepted.get(id)!);
      expect([...turns.keys()].sort()).toEqual([...all].sort());
      for (const accepted of clients) {
        const places = accepted.get(id)!.map(one => turns.get(one)!);
        expect(places).toEqual([...places].sort((a, b) => a - b));
      }
    }
    expect(await s.store.stranded(1000)).toEqual([]);
  }, 60_000);

  test('goes on past a holder that ended and did not say whose object it held', async () => {
    const object = s.object();
    const accepts = times(3, () => s.exclusive(object));
    await s.accept(accepts[0]!, accepts[1]!);
    await s.move(s.transition(leaseOf(accepts[0]!.id), 'completed'));
    expect(await s.accept(accepts[2]!)).toEqual(['queued']);
    expect(await s.store.stranded(1000)).toEqual([object.id]);
    const { claimed } = await s.store.promote([object.id], s.worker);
    expect(claimed).toMatchObject([{ lease: leaseOf(accepts[1]!.id) }]);
  });

  test('that says wrongly that somebody waits is set right', async () => {
    const object = s.object();
    await database.dataSource.query(
      `insert into durable.object (id, service, key, tail, holder, waiting) values ($1, $2, 'key', 0, null, true)`,
      [object.id, s.service],
    );
    expect(await s.store.stranded(1000)).toContain(object.id);
    expect(await s.store.promote([object.id], s.worker)).toEqual({ claimed: [], due: [] });
    expect(await s.store.stranded(1000)).not.toContain(object.id);
    expect(await s.accept(s.exclusive(object))).toEqual(['ok']);
  });
});
