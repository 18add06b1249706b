import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';

/** A row as it is kept: columns that it has in the release that wrote it. */
type Row = Readonly<Record<string, unknown>>;

/** An invocation that is over, as it was stored. */
export interface GoldenJournal {
  /** What was called, as `golden.steps`. */
  readonly what: string;
  readonly invocation: Row;
  readonly entries: readonly Row[];
}

type Query = <T extends pg.QueryResultRow>(text: string, values?: unknown[]) => Promise<T[]>;

const DIRECTORY = join(process.cwd(), 'test/fixtures/journals');
/** What identifies an invocation, and what it ended with; nothing of the processes that drove it. */
const INVOCATION = [
  'id',
  'service',
  'handler',
  'status',
  'epoch',
  'failed_attempts',
  'origin',
  'input',
  'output',
  'error',
  'created_at',
  'object_id',
  'object_key',
  'wakes',
];
const ENTRY = ['index', 'kind', 'name', 'called_after', 'seq', 'outcome', 'value', 'tries', 'epoch'];

/** The journals that are kept, by the release that wrote them. */
export function goldenReleases(): string[] {
  return readdirSync(DIRECTORY).map(file => file.replace(/\.json$/, ''));
}

export function readGolden(release: string): GoldenJournal[] {
  return JSON.parse(readFileSync(join(DIRECTORY, `${release}.json`), 'utf8')) as GoldenJournal[];
}

export function writeGolden(release: string, journals: readonly GoldenJournal[]): void {
  // Stacks name files of the machine that recorded them.
  const text = JSON.stringify(journals, null, 2).replaceAll(`${process.cwd()}/`, '');
  writeFileSync(join(DIRECTORY, `${release}.json`), `${text}\n`);
}

/** What is stored of an invocation. */
export async function takeGolden(query: Query, schema: string, id: string): Promise<GoldenJournal> {
  const [invocation] = await query<Row>(
    `SELECT ${INVOCATION.join(', ')} FROM ${schema}.invocation WHERE id = $1`,
    [id],
  );
  if (!invocation) throw new Error(`There is no invocation ${id}`);
  const entries = await query<Row>(
    `SELECT ${ENTRY.join(', ')} FROM ${schema}.entry WHERE invocation_id = $1 ORDER BY index`,
    [id],
  );
  return { what: `${String(invocation.service)}.${String(invocation.handler)}`, invocation, entries };
}

/**
 * Stores an invocation as it was the moment before its end was committed: the next worker that comes by replays it.
 * Columns that a later release has added get their defaults.
 */
export async function layGolden(query: Query, schema: string, golden: GoldenJournal): Promise<void> {
  const { status: _, output: __, error: ___, ...kept } = golden.invocation;
  for (const entry of golden.entries) {
    // What was undone is settled in the commit that ends the invocation.
    const open = entry.kind === 'saga' ? { outcome: null } : {};
    await insert(query, `${schema}.entry`, { invocation_id: kept.id, ...entry, ...open });
  }
  await insert(query, `${schema}.invocation`, { ...kept, status: 'scheduled', due_at: new Date() });
}

async function insert(query: Query, table: string, row: Row): Promise<void> {
  const columns = Object.keys(row);
  const places = columns.map((_, at) => `$${at + 1}`);
  await query(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places.join(', ')})`,
    Object.values(row),
  );
}
