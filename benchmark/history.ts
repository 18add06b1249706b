import type { DurableClient } from 'nestjs-durable';
import pg from 'pg';
import { BenchService } from './application.js';
import type { Setup } from './setup.js';
import { leaveOut } from './statements.js';
import { expectCount, expectResult, expectValue } from './workload.js';

/** From the first of the history to its last; less than what retention keeps. */
const SPAN = `interval '20 days'`;
/** How long before now the last one was accepted. */
const AGO_MS = 3_600_000;
/** How long each took. */
const TOOK = `interval '5 milliseconds'`;

/** What a copy has of its own, by column, as SQL over `n`, its number, and `at`, when it was accepted. */
const OWN_OF_INVOCATION: Readonly<Record<string, string>> = {
  id: 'copies.id',
  created_at: 'at',
  claimed_at: 'at',
  finished_at: `at + ${TOOK}`,
};
const OWN_OF_ENTRY: Readonly<Record<string, string>> = {
  invocation_id: 'copies.id',
  written_at: `at + ${TOOK}`,
};

/** An id as the library makes them: a UUID of version 7, of the time `at`. */
const ID = `(lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0')
    || '7' || substr(md5(n::text), 1, 3) || 'a' || substr(md5(n::text), 4, 15))::uuid`;

/** Numbers, times and ids of the copies, oldest first. Parameters: when the last was accepted, how many. */
const COPIES = `select n, at, ${ID} as id from (
    select n, $1::timestamptz - ($2::int - n) * (${SPAN} / $2::int) as at from generate_series(1, $2::int) n) t`;

/** What is copied. */
interface Source {
  readonly table: string;
  /** Column with the id of the invocation. */
  readonly key: string;
  readonly own: Readonly<Record<string, string>>;
}

/** Which copies, and of which three invocations. */
interface Copies {
  readonly models: readonly string[];
  readonly last: Date;
  readonly count: number;
}

/**
 * Fills the tables of a setup with invocations that have ended over the last weeks: a third without a step, with one, and
 * with three, with their journals. They are copies of three that were run there, so that their rows are what the library
 * writes, with ids and times of their own; vacuumed and analyzed, as tables are that grow over weeks.
 */
export async function writeHistory({ client, database }: Setup, count: number): Promise<void> {
  const copies = { models: await runModels(client), last: new Date(Date.now() - AGO_MS), count };
  const sql = new pg.Client({ connectionString: database });
  leaveOut(sql);
  await sql.connect();
  try {
    const invocations = await copy(sql, { table: 'invocation', key: 'id', own: OWN_OF_INVOCATION }, copies);
    expectCount('the number of finished invocations', invocations, count);
    const entries = await copy(sql, { table: 'entry', key: 'invocation_id', own: OWN_OF_ENTRY }, copies);
    expectCount('the number of their entries', entries, entriesOf(count));
    await sql.query('vacuum (analyze) durable.invocation, durable.entry');
    // What was dirtied is not to be written while rounds are measured.
    await sql.query('checkpoint');
    const { rows } = await sql.query<{ id: string }>(`${COPIES} where n = $2::int`, [copies.last, count]);
    expectValue(await client.get<number>(rows[0]?.id ?? '').result({ timeout: '30s' }), 1);
  } finally {
    await sql.end();
  }
}

/** Entries of so many copies: every third has none, the next one, the next three. */
export function entriesOf(count: number): number {
  return Math.floor((count + 2) / 3) + 3 * Math.floor((count + 1) / 3);
}

/** Ids of one invocation of each kind that has ended. */
async function runModels(client: DurableClient): Promise<string[]> {
  const sends = client.send(BenchService);
  const ids: string[] = [];
  for (const handler of ['empty', 'oneStep', 'threeSteps'] as const) {
    const handle = await sends[handler](1);
    await expectResult(handle, 1);
    ids.push(handle.id);
  }
  return ids;
}

/** How many rows were copied. */
async function copy(sql: pg.Client, { table, key, own }: Source, copies: Copies): Promise<number> {
  const { rows } = await sql.query<{ name: string }>(
    `select quote_ident(column_name) as name from information_schema.columns
    where table_schema = 'durable' and table_name = $1 order by ordinal_position`,
    [table],
  );
  const columns = rows.map(({ name }) => name);
  const values = columns.map(name => own[name] ?? `model.${name}`);
  const { rowCount } = await sql.query(
    `with copies as (${COPIES})
    insert into durable.${table} (${columns.join(', ')})
    select ${values.join(', ')} from copies
    join durable.${table} model on model.${key} = ($3::uuid[])[copies.n % 3 + 1]`,
    [copies.last, copies.count, copies.models],
  );
  return rowCount ?? 0;
}
