import type pg from 'pg';
import { v7 as uuid } from 'uuid';
import { commit } from '../../lib/adapters/typeorm/sql/commit.js';
import { tables } from '../../lib/adapters/typeorm/tables.js';
import { TypeOrmStore } from '../../lib/adapters/typeorm/typeorm-store.js';
import type { Lease } from '../../lib/ports/store.js';
import { openPostgres } from './databases.js';
import type { TestDatabase } from './databases.js';
import { poisonError } from './store.contract.js';
import { blocked, Scene, tick } from './store/scene.js';

const t = tables();

/**
 * Locks on PostgreSQL: invocations in the order of their ids, then objects in that of theirs. Another connection holds
 * the first of two locks while a call of the store asks for both, and then asks for the second: if the call had taken
 * the second already, that would be a deadlock.
 */
describe('calls that cross', () => {
  let database: TestDatabase;
  let store: TypeOrmStore;
  let s: Scene;
  let other: pg.Client;

  beforeAll(async () => {
    database = await openPostgres('durable', 4);
    store = new TypeOrmStore(database.dataSource, { poisonError });
    other = await database.connect();
  }, 120_000);
  afterAll(() => database.close());
  beforeEach(async () => {
    s = new Scene(store);
    await s.register(60_000);
    await other.query('begin');
  });
  afterEach(() => other.query('rollback'));

  const lock = (table: string, id: string) =>
    other.query(`select from ${table} where id = $1 for update`, [id]);
  const leaseOf = ({ id }: { readonly id: string }): Lease => ({ invocationId: id, epoch: 1 });

  test('a promote locks the next in line before its object', async () => {
    const object = s.object();
    const [first, next] = [s.exclusive(object), s.exclusive(object)];
    await s.accept(first, next);
    await s.move(s.transition(leaseOf(first), 'completed', { output: '1', holds: object.id }));
    await lock(t.invocation, next.id);
    const promoted = store.promote([object.id], s.worker);
    await blocked(database.dataSource);
    await lock(t.object, object.id);
    await other.query('commit');
    expect((await promoted).claimed).toMatchObject([{ lease: leaseOf(next) }]);
  });

  test('the end of a call locks its parent before its object', async () => {
    const object = s.object();
    const parent = await s.running();
    await s.write(s.entry(parent, 0, { kind: 'call' }));
    const child = s.exclusive(object, { parent: { lease: parent, index: 0 } });
    await s.accept(child);
    await lock(t.invocation, parent.invocationId);
    const entry = { invocationId: parent.invocationId, index: 0 };
    const ended = s.move(
      s.transition(leaseOf(child), 'completed', { output: '1', parent: entry, holds: object.id }),
    );
    await blocked(database.dataSource);
    await lock(t.object, object.id);
    await lock(t.invocation, child.id);
    await other.query('commit');
    expect(await ended).toEqual(['ok']);
  });

  test('an end that waited for who queues behind it frees the object for that one', async () => {
    const object = s.object();
    const [first, next] = [s.exclusive(object), s.exclusive(object)];
    await s.accept(first);
    // As another process queues: what the end has seen of the object is old when it gets the lock.
    const { text, values } = commit(t, { accepts: [next], entries: [], transitions: [], arrivals: [] });
    await other.query(text, [...values]);
    const ended = s.commit({
      transitions: [s.transition(leaseOf(first), 'completed', { output: '1', holds: object.id })],
    });
    await blocked(database.dataSource);
    await other.query('commit');
    expect(await ended).toMatchObject({ transitions: ['ok'], news: { freed: [object.id] } });
    expect((await store.promote([object.id], s.worker)).claimed).toMatchObject([{ lease: leaseOf(next) }]);
  });

  test.each(['kill', 'cancel'] as const)('a %s of a call locks its parent first', async order => {
    const parent = await s.running();
    await s.write(s.entry(parent, 0, { kind: 'call' }));
    const child = s.child(parent, 0, { owner: null });
    await s.accept(child);
    await lock(t.invocation, parent.invocationId);
    const ended = store[order](child.id, () => '"ended"');
    await blocked(database.dataSource);
    await lock(t.invocation, child.id);
    await other.query('commit');
    expect(await ended).toMatchObject({ result: 'ok', ended: [{ id: child.id }] });
    expect(await s.record(parent.invocationId)).toMatchObject({ status: 'running' });
    expect((await s.inbox(parent.invocationId)).settled).toMatchObject([{ index: 0, value: '"ended"' }]);
  });

  test('a reap leaves a poison child for later while its parent is being written for', async () => {
    const parent = await s.running();
    await s.write(s.entry(parent, 0, { kind: 'call' }));
    const child = s.child(parent, 0, { owner: `dead-${uuid()}` });
    await s.accept(child);
    await tick();
    const reap = () => store.reap({ maxDeaths: 1, limit: 100 });
    await lock(t.invocation, parent.invocationId);
    expect(await reap()).toEqual({ reaped: [], news: s.result({}).news });
    expect(await store.reap({ maxDeaths: 2, limit: 100 })).toMatchObject({
      reaped: [{ status: 'scheduled' }],
    });
    await other.query('commit');
    const lease = await s.take(child.id);
    await s.move(s.transition(lease, 'completed', { output: '1' }));
    expect((await reap()).reaped).toEqual([]);
  });

  test('a completion that waited for the same one is told that it won', async () => {
    const lease = await s.running();
    await s.write(s.entry(lease, 0, { kind: 'awakeable', name: 'token' }));
    await lock(t.invocation, lease.invocationId);
    const late = s.arrive(s.completion(lease, 0, { value: '"same"' }), s.signal(lease.invocationId, 'go'));
    await blocked(database.dataSource);
    await other.query(
      `update ${t.entry} set outcome = 'ok', value = '"same"' where invocation_id = $1 and index = 0`,
      [lease.invocationId],
    );
    await other.query('commit');
    expect(await late).toEqual(['ok', 'ok']);
    expect((await s.inbox(lease.invocationId)).wakes).toBe(1);
  });

  test('an edit of state that waited for an accept finds the object taken', async () => {
    const object = s.object();
    const accepts = [s.exclusive(object)];
    const { text, values } = commit(t, { accepts, entries: [], transitions: [], arrivals: [] });
    await other.query(text, [...values]);
    const edited = store.editState(object, [{ name: 'a', value: '1' }]);
    await blocked(database.dataSource);
    await other.query('commit');
    expect(await edited).toBe('busy');
  });

  test('a promotion that waited for the end of the holder has the state that this one left', async () => {
    const object = s.object();
    const [first, next] = [s.exclusive(object), s.exclusive(object)];
    await s.accept(first, next);
    const lease = { invocationId: first.id, epoch: 1 };
    const left = { objectId: object.id, name: 'a', value: '1' };
    const entries = [s.delivered(lease, 0, { kind: 'state', name: 'a', state: left })];
    const transitions = [s.transition(lease, 'completed', { holds: object.id })];
    const { text, values } = commit(t, { accepts: [], entries, transitions, arrivals: [] });
    await other.query(text, [...values]);
    const promoted = store.promote([object.id], s.worker);
    await blocked(database.dataSource);
    await other.query('commit');
    expect((await promoted).claimed).toMatchObject([{ lease: { invocationId: next.id } }]);
    expect((await promoted).claimed[0]!.state).toEqual(new Map([['a', '1']]));
  });

  test('an accept that waited for the end of the holder has the object', async () => {
    const object = s.object();
    const [first, next] = [s.exclusive(object), s.exclusive(object)];
    await s.accept(first);
    await lock(t.object, object.id);
    const accepted = s.accept(next);
    await blocked(database.dataSource);
    await other.query(`delete from ${t.object} where id = $1`, [object.id]);
    await other.query('commit');
    expect(await accepted).toEqual(['ok']);
  });
});
