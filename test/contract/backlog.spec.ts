import { statements } from '../../lib/adapters/typeorm/statements.js';
import { tables } from '../../lib/adapters/typeorm/tables.js';
import { TypeOrmStore } from '../../lib/adapters/typeorm/typeorm-store.js';
import type { InvocationStatus } from '../../lib/engine/status.js';
import { openPostgres } from './databases.js';
import type { TestDatabase } from './databases.js';
import { poisonError } from './store.contract.js';
import { Scene } from './store/scene.js';

const t = tables();
const sql = statements(t);
const BACKLOG = 50_000;
/** Pages that a statement may touch: thousands, if it reads what is not asked for. */
const FEW = 700;

interface Plan {
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
}

function inText(value: unknown): string {
  if (Array.isArray(value)) return `array[${value.map(inText).join(', ')}]`;
  return typeof value === 'string' ? `'${value}'` : String(value);
}

/** Counted in pages that are touched, which do not depend on the machine. */
describe(`what is looked for among ${BACKLOG} invocations that are due elsewhere, and as many that are over`, () => {
  let database: TestDatabase;
  let s: Scene;

  beforeAll(async () => {
    database = await openPostgres();
    s = new Scene(new TypeOrmStore(database.dataSource, { poisonError }));
    await database.dataSource.query(`alter table ${t.invocation} set (autovacuum_enabled = false)`);
    const columns = '(id, service, handler, status, epoch, origin, input, created_at, due_at, finished_at)';
    const many = (first: string, values: string) =>
      database.dataSource.query(`insert into ${t.invocation} ${columns}
        select ('${first}0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, ${values}
        from generate_series(1, ${BACKLOG}) n`);
    await many(
      '0190',
      `'elsewhere', 'run', 'scheduled', 0, 'c', '[1]', now(), now() - interval '1 hour' - n * interval '1 ms', null`,
    );
    await many('0191', `'old', 'run', 'completed', 1, 'c', '[1]', now(), null, now()`);
    // What is looked for is older than all of that.
    await database.dataSource.query(`update ${t.invocation} set created_at = now() + interval '1 hour'`);
    await database.dataSource.query(`vacuum analyze ${t.invocation}`);
  }, 120_000);
  afterAll(() => database.close());

  /** Pages that a statement touches, by the plan for its values or by the one that a connection keeps for all; it is undone. */
  const touched = async (
    text: string,
    values: readonly unknown[],
    mode: 'force_custom_plan' | 'force_generic_plan' = 'force_generic_plan',
  ): Promise<number> => {
    const runner = database.dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      await runner.query(`set local plan_cache_mode = ${mode}`);
      await runner.query(`prepare kept as ${text}`);
      const given = values.length === 0 ? '' : `(${values.map(inText).join(', ')})`;
      const [row] = (await runner.query(`explain (analyze, buffers, format json) execute kept${given}`)) as [
        { 'QUERY PLAN': [{ Plan: Plan }] },
      ];
      await runner.query('deallocate kept');
      const plan = row['QUERY PLAN'][0].Plan;
      return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
    } finally {
      await runner.rollbackTransaction();
      await runner.release();
    }
  };
  const claimDue = (services: readonly string[], limit: number) =>
    touched(sql.claimDue(services.length), [services, 0, 'w', limit, null, true]);

  test('is claimed without reading the rest, by whoever serves one service or several', async () => {
    await s.scheduled();
    expect(await claimDue([s.service], 10)).toBeLessThan(FEW);
    expect(await claimDue([s.service, 'other', 'another'], 10)).toBeLessThan(FEW);
    expect((await s.claimDue()).length).toBe(1);
  });

  test('is claimed lazily where there is much of it: no more than is asked for', async () => {
    expect(await claimDue(['elsewhere', s.service], 10)).toBeLessThan(FEW);
    expect(await claimDue(['elsewhere'], 10)).toBeLessThan(FEW);
  });

  test('is told to be due next without reading the rest', async () => {
    await s.scheduled({ delayMs: 60_000 });
    expect(await touched(sql.nextDue, [[s.service, 'other']])).toBeLessThan(FEW);
    expect(await s.store.nextDue([s.service])).toBeGreaterThan(0);
  });

  test.each<Exclude<InvocationStatus, 'completed' | 'scheduled' | 'backing_off'>>([
    'running',
    'suspended',
    'paused',
    'failed',
    'cancelled',
  ])('is listed by the status %s without reading the rest', async status => {
    const live = await s.running();
    if (status !== 'running') await s.move(s.transition(live, status));
    const { text, values } = sql.list({ status, limit: 50 });
    expect(await touched(text, values, 'force_custom_plan')).toBeLessThan(FEW);
    const listed = await s.store.list({ status, service: s.service, limit: 50 });
    expect(listed.map(({ id }) => id)).toContain(live.invocationId);
  });

  test.each<InvocationStatus>(['scheduled', 'backing_off'])(
    'is listed by the status %s without reading what is over',
    async status => {
      if (status === 'scheduled') await s.accept(...[0, 1].map(() => s.exclusive(queue)));
      else await s.ended('backing_off', { dueInMs: 60_000 });
      const { text, values } = sql.list({ status, service: s.service, limit: 50 });
      const listed = await s.store.list({ status, service: s.service, limit: 50 });
      expect(listed.length).toBeGreaterThan(0);
      expect(await touched(text, values, 'force_custom_plan')).toBeLessThan(FEW);
    },
  );
  const queue = { id: '01920000-0000-7000-8000-000000000001', key: 'k' };
});
