import type { QueryRunner } from 'typeorm';
import { statements } from '../../lib/adapters/typeorm/statements.js';
import { tables } from '../../lib/adapters/typeorm/tables.js';
import { TypeOrmStore } from '../../lib/adapters/typeorm/typeorm-store.js';
import type { Batch, ObjectRef } from '../../lib/ports/store.js';
import { openPostgres } from './databases.js';
import type { TestDatabase } from './databases.js';
import { poisonError, Scene, times } from './store/scene.js';

/** Of each kind in a batch. */
const WRITES = 200;
/** Rows that a node of a plan may handle for each write: with joins of all with all it would be some two hundred. */
const ROWS_PER_WRITE = 10;

interface Node {
  readonly 'Node Type': string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly Plans?: readonly Node[];
}

/**
 * A kept plan is made for a handful of rows, and serves batches of hundreds: shown by what each of its nodes handles, never
 * by time, which a fast machine hides it in.
 */
describe('a plan that is kept handles as many rows as a batch has writes, not their square', () => {
  const t = tables();
  const sql = statements(t);
  let database: TestDatabase;
  let runner: QueryRunner;
  let s: Scene;

  beforeAll(async () => {
    database = await openPostgres();
    s = new Scene(new TypeOrmStore(database.dataSource, { poisonError }));
    runner = database.dataSource.createQueryRunner();
    await s.register(3_600_000);
    // As of a table in use: with an empty one all plans read it from end to end.
    for (let round = 0; round < 20; round++) await finish(await running());
    await queue(times(WRITES, () => s.object()));
    await runner.query('analyze');
    await runner.query(`set plan_cache_mode = 'force_generic_plan'`);
  }, 120_000);
  afterAll(async () => {
    await runner.release();
    await database.close();
  });

  const running = () => Promise.all(times(WRITES, () => s.running()));
  /** Invocations that have an object each for themselves. */
  const queue = async (objects: readonly ObjectRef[]) => {
    const invocations = objects.map(object => s.exclusive(object));
    await s.accept(...invocations);
    const leases = invocations.map(({ id }) => ({ invocationId: id, epoch: 1 }));
    const state = (n: number) => ({ objectId: objects[n]!.id, name: 'n', value: '1' });
    await s.write(...leases.map((lease, n) => s.delivered(lease, 0, { state: state(n) })));
    return leases;
  };
  const finish = async (leases: Awaited<ReturnType<typeof running>>) => {
    await s.arrive(...leases.map(({ invocationId }) => s.signal(invocationId, 'go')));
    await s.write(...leases.map(lease => s.delivered(lease, 0)));
    await s.move(...leases.map(lease => s.transition(lease, 'completed')));
  };

  async function worst(text: string, values: readonly unknown[]): Promise<{ node: string; rows: number }> {
    await runner.query(`prepare kept as ${text}`);
    try {
      const [row] = (await runner.query(
        `explain (analyze, format json) execute kept(${values.map(literal).join(', ')})`,
      )) as { readonly 'QUERY PLAN': readonly [{ readonly Plan: Node }] }[];
      const nodes = nodesOf(row!['QUERY PLAN'][0].Plan);
      return nodes.reduce((one, other) => (other.rows > one.rows ? other : one));
    } finally {
      await runner.query('deallocate kept');
    }
  }

  const commit = (batch: Partial<Batch>) => {
    const { text, values } = sql.commit({
      accepts: [],
      entries: [],
      transitions: [],
      arrivals: [],
      ...batch,
    });
    return worst(text, values);
  };
  const expectFew = ({ node, rows }: { node: string; rows: number }) => {
    const few = WRITES * ROWS_PER_WRITE;
    expect(rows > few ? `${node} handles ${rows} rows, more than ${few}` : 'few rows').toBe('few rows');
  };

  test('of steps and outcomes', async () => {
    const leases = await running();
    expectFew(
      await commit({
        accepts: times(WRITES, () => s.invocation({ owner: s.worker })),
        entries: leases.map(lease => s.delivered(lease, 0)),
        transitions: leases.map(lease => s.transition(lease, 'completed')),
      }),
    );
  });

  test('of objects that are queued for, changed and freed', async () => {
    const objects = times(WRITES, () => s.object());
    const leases = await queue(objects);
    // Behind each of them another one waits.
    expectFew(await commit({ accepts: objects.map(object => s.exclusive(object)) }));
    expectFew(
      await commit({
        accepts: times(WRITES, () => s.exclusive(s.object())),
        entries: leases.map((lease, n) =>
          s.delivered(lease, 1, {
            state: { objectId: objects[n]!.id, name: 'a', value: n % 2 === 0 ? '1' : null },
          }),
        ),
        transitions: leases.map((lease, n) => s.transition(lease, 'completed', { holds: objects[n]!.id })),
      }),
    );
    expectFew(await worst(sql.promote, [objects.map(({ id }) => id), s.worker]));
  });

  test('of children that are called, and answer', async () => {
    const parents = await running();
    const children = parents.map(parent => s.child(parent, 0));
    expectFew(
      await commit({
        accepts: children,
        entries: parents.map(parent => s.entry(parent, 0, { kind: 'call', name: 'c' })),
      }),
    );
    expectFew(
      await commit({
        transitions: children.map(({ id }, n) =>
          s.transition({ invocationId: id, epoch: 1 }, 'completed', {
            parent: { invocationId: parents[n]!.invocationId, index: 0 },
          }),
        ),
      }),
    );
  });

  test('of what arrives, and is taken', async () => {
    const leases = await running();
    await s.write(...leases.map(lease => s.entry(lease, 0, { kind: 'awakeable', name: 'token' })));
    const signals = leases.map(({ invocationId }) => s.signal(invocationId, 'go'));
    expectFew(await commit({ arrivals: signals }));
    expectFew(await commit({ arrivals: leases.map(lease => s.completion(lease, 0)) }));
    expectFew(
      await commit({
        entries: leases.map((lease, n) =>
          s.delivered(lease, 1, { kind: 'signal', signalId: (signals[n] as { readonly id: string }).id }),
        ),
      }),
    );
  });

  test('of claims, journals and outcomes', async () => {
    const invocations = times(WRITES, () => s.invocation());
    await s.accept(...invocations);
    const ids = invocations.map(({ id }) => id);
    expectFew(await worst(sql.claim, [ids, [s.service], s.worker]));
    expectFew(await worst(sql.journals, [ids]));
    expectFew(await worst(sql.inboxes, [ids]));
    expectFew(await worst(sql.outcomes, [ids]));
    const others = times(WRITES, () => s.invocation());
    await s.accept(...others);
    expectFew(await worst(sql.claimDue(1), [[s.service], 0, s.worker, WRITES, null, true]));
  });
});

function nodesOf(node: Node): { node: string; rows: number }[] {
  const { 'Actual Rows': rows, 'Actual Loops': loops } = node;
  const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0);
  const own = { node: node['Node Type'], rows: (rows + removed) * loops };
  return [own, ...(node.Plans ?? []).flatMap(nodesOf)];
}

type Value = string | number | boolean | null;

/** For `execute`, which takes no parameters. */
function literal(value: unknown): string {
  if (value === null) return 'null';
  const text = Array.isArray(value) ? `{${(value as Value[]).map(element).join(',')}}` : `${value as Value}`;
  return `'${text.replaceAll("'", "''")}'`;
}

function element(value: Value): string {
  return value === null ? 'null' : `"${`${value}`.replace(/[\\"]/g, '\\$&')}"`;
}
