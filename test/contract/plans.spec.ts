import { v7 as uuid } from 'uuid';
import { statements } from '../../lib/adapters/typeorm/statements.js';
import { tables } from '../../lib/adapters/typeorm/tables.js';
import { TypeOrmStore } from '../../lib/adapters/typeorm/typeorm-store.js';
import { openPostgres } from './databases.js';
import type { TestDatabase } from './databases.js';
import { poisonError } from './store.contract.js';
import { Scene, times } from './store/scene.js';

const HISTORY = 300_000;
/** `jit_above_cost`: what seems to cost more is compiled first, for longer than it then takes. */
const COMPILED = 100_000;
const t = tables();
const sql = statements(t);

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Total Cost': number;
  readonly Plans?: readonly Plan[];
}

/** A table is planned for while it is small, and queried when it is large: shown by growth, never on a fresh table. */
describe('with 300,000 finished invocations', () => {
  let database: TestDatabase;
  let s: Scene;
  const small: Record<string, number> = {};

  beforeAll(async () => {
    database = await openPostgres();
    s = new Scene(new TypeOrmStore(database.dataSource, { poisonError }));
    await s.register(3_600_000);
    for (const table of [t.invocation, t.entry]) {
      await database.dataSource.query(`alter table ${table} set (autovacuum_enabled = false)`);
    }
    const leases = await Promise.all(times(50, () => s.running()));
    await s.write(...leases.flatMap(live => times(2, index => s.delivered(live, index))));
    await s.move(...leases.map(live => s.transition(live, 'completed')));
    await analyze();
    Object.assign(small, await measure());
    await grow();
  }, 180_000);
  afterAll(() => database.close());

  const analyze = () => database.dataSource.query(`analyze ${t.invocation}, ${t.entry}`);

  const grow = async () => {
    const id = `('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`;
    const series = `generate_series(1, ${HISTORY}) n`;
    await database.dataSource.query(`insert into ${t.invocation}
      (id, service, handler, status, epoch, origin, input, output, created_at, finished_at)
      select ${id}, 'old', 'run', 'completed', 1, 'c', '[1]', '1', now() - n * interval '1 second', now()
      from ${series}`);
    await database.dataSource.query(`insert into ${t.entry}
      (invocation_id, index, kind, name, called_after, seq, outcome, value, tries, epoch)
      select ${id}, 0, 'step', 's', 0, 0, 'ok', '1', 0, 1 from ${series}`);
  };

  /** Milliseconds per call, the quickest of many: what the machine does beside it is not counted. */
  const measure = async (): Promise<Record<string, number>> => {
    const calls: Record<string, number[]> = {};
    const timed = async <T>(name: string, call: Promise<T>): Promise<T> => {
      const start = performance.now();
      const result = await call;
      (calls[name] ??= []).push(performance.now() - start);
      return result;
    };
    for (let round = 0; round < 25; round++) {
      const accepts = times(64, () => s.invocation());
      const ids = accepts.map(({ id }) => id);
      await timed('accept', s.accept(...accepts));
      const { claimed } = await timed('claim', s.claim(...ids));
      const leases = claimed.map(({ lease }) => lease);
      const entries = leases.map(lease => s.delivered(lease, 0));
      const transitions = leases.map(lease => s.transition(lease, 'suspended', { dueInMs: 0 }));
      await timed('commit', s.commit({ entries, transitions }));
      await timed('journals', s.store.journals(ids));
      const due = await timed('claimDue', s.claimDue(64));
      await timed('reap', s.store.reap({ maxDeaths: 3, limit: 100 }));
      await s.move(...due.map(({ lease }) => s.transition(lease, 'completed')));
      await timed('nextDue', s.store.nextDue([s.service]));
      await timed('outcomes', s.store.outcomes(ids));
      await timed('list', s.store.list({ limit: 50 }));
    }
    return Object.fromEntries(Object.entries(calls).map(([name, values]) => [name, Math.min(...values)]));
  };

  const ids = times(64, () => uuid());
  const lease = { invocationId: ids[0]!, epoch: 1 };
  const hour = 3_600_000;
  const STATEMENTS: Record<string, () => { text: string; values: readonly unknown[] }> = {
    commit: () => {
      const leases = ids.map(invocationId => ({ invocationId, epoch: 1 }));
      return sql.commit({
        accepts: ids.map(() => s.invocation()),
        entries: leases.flatMap(live => times(3, index => s.delivered(live, index))),
        transitions: leases.map(live => s.transition(live, 'completed')),
      });
    },
    'commit of one entry': () => sql.commit({ accepts: [], entries: [s.entry(lease, 0)], transitions: [] }),
    claim: () => ({ text: sql.claim, values: [ids, ['a', 'b'], 'w'] }),
    claimDue: () => ({ text: sql.claimDue, values: [['a', 'b'], 0, 'w', 100] }),
    nextDue: () => ({ text: sql.nextDue, values: [['a', 'b']] }),
    journals: () => ({ text: sql.journals, values: [ids] }),
    reapFind: () => ({ text: sql.reapFind, values: [100] }),
    reapLock: () => ({ text: sql.reapLock, values: [ids] }),
    reapTake: () => ({ text: sql.reapTake, values: [ids, 3] }),
    reapFail: () => ({ text: sql.reapFail, values: [ids, ids] }),
    releaseStray: () => ({ text: sql.releaseStray, values: ['w', ids, 1000] }),
    find: () => ({ text: sql.find, values: [ids[0]] }),
    outcomes: () => ({ text: sql.outcomes, values: [ids] }),
    list: () => sql.list({ limit: 50 }),
    'list of a later page': () =>
      sql.list({ service: 'old', limit: 50, after: { createdAt: new Date(Date.now() - hour), id: ids[0]! } }),
    retryRewind: () => ({ text: sql.retryRewind, values: [ids[0]] }),
    purge: () => ({ text: sql.purge, values: [hour, 1000] }),
  };

  const scanned = (plan: Plan): string[] => [
    ...(plan['Node Type'] === 'Seq Scan' ? [plan['Relation Name']!] : []),
    ...(plan.Plans ?? []).flatMap(scanned),
  ];
  const explain = async (name: string) => {
    const { text, values } = STATEMENTS[name]!();
    const [row] = await database.dataSource.query<{ 'QUERY PLAN': [{ Plan: Plan }] }[]>(
      `explain (format json) ${text}`,
      [...values],
    );
    const plan = row!['QUERY PLAN'][0].Plan;
    return { name, reads: scanned(plan).filter(table => table !== 'worker'), cost: plan['Total Cost'] };
  };
  const explainAll = () => Promise.all(Object.keys(STATEMENTS).map(explain));

  // In this order: statistics of the small tables, none, those of the large ones.
  test('no statement reads a table from end to end or is compiled, though it was analysed while it was small', async () => {
    const plans = await explainAll();
    expect(plans.filter(({ reads, cost }) => reads.length > 0 || cost >= COMPILED)).toEqual([]);
  });

  test('no call takes long that was quick on the small table', async () => {
    const large = await measure();
    const slow = Object.entries(large).filter(([name, ms]) => ms > 3 * small[name]! + 1);
    expect(slow.map(([name, ms]) => `${name}: ${small[name]} ms, then ${ms} ms`)).toEqual([]);
  }, 60_000);

  test('no statement of the hot path reads a table from end to end where it was never analysed, as after a restore', async () => {
    await database.dataSource.query(
      `delete from pg_statistic where starelid in ('${t.invocation}'::regclass, '${t.entry}'::regclass)`,
    );
    const elsewhere = ['list of a later page', 'claimDue'];
    const plans = (await explainAll()).filter(({ name }) => !elsewhere.includes(name));
    expect(plans.filter(({ reads }) => reads.length > 0)).toEqual([]);
  });

  test('no statement does either where it was analysed when it was large', async () => {
    await analyze();
    const plans = await explainAll();
    expect(plans.filter(({ reads, cost }) => reads.length > 0 || cost >= COMPILED)).toEqual([]);
  });
});
