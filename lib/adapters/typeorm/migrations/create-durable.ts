import type { MigrationInterface, QueryRunner } from 'typeorm';
import { DEFAULT_SCHEMA, tables } from '../tables.js';
import type { Tables } from '../tables.js';

/**
 * Creates the tables in the schema of the data source, which must exist.
 *
 * No foreign key, no sequence, and nothing that needs the rows of two invocations in one place, so that the
 * tables can be partitioned by the invocation's id.
 */
export class CreateDurable1763600000000 implements MigrationInterface {
  readonly name = 'CreateDurable1763600000000';

  async up(runner: QueryRunner): Promise<void> {
    const t = tablesOf(runner);
    for (const statement of [...invocation(t), ...entry(t), worker(t)]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    const t = tablesOf(runner);
    await runner.query(`drop table ${t.worker}, ${t.entry}, ${t.invocation}`);
  }
}

function tablesOf(runner: QueryRunner): Tables {
  // `dataSource` is its name from TypeORM 1 on; this one is there in 0.3, too.
  const { schema = DEFAULT_SCHEMA } = runner.connection.options as { readonly schema?: string };
  return tables(schema);
}

// A migration that has run never changes, so it names what the code called them then.
const TERMINAL = `'completed', 'failed', 'cancelled'`;
const STATUSES = `'scheduled', 'running', 'suspended', 'backing_off', 'paused', ${TERMINAL}`;

function invocation(t: Tables): string[] {
  return [
    `create table ${t.invocation} (
      id uuid not null,
      service text not null,
      handler text not null,
      status text not null,
      epoch int not null,
      owner text,
      due_at timestamptz,
      failed_attempts int not null default 0,
      deaths int not null default 0,
      settled_at_death int not null default 0,
      failed_entry int,
      origin text not null,
      input text not null,
      output text,
      error text,
      created_at timestamptz(3) not null default now(),
      claimed_at timestamptz,
      finished_at timestamptz,
      constraint invocation_pkey primary key (id),
      constraint invocation_status check (status in (${STATUSES})),
      constraint invocation_owned check ((owner is not null) = (status = 'running')),
      constraint invocation_due check (
        case when status in ('scheduled', 'backing_off') then due_at is not null
             when status = 'suspended' then true
             else due_at is null end),
      constraint invocation_finished check ((finished_at is not null) = (status in (${TERMINAL})))
    ) with (fillfactor = 80)`,
    `create index invocation_due_at on ${t.invocation} (due_at) where due_at is not null`,
    `create index invocation_owner on ${t.invocation} (owner) where owner is not null`,
    `create index invocation_created_at on ${t.invocation} (created_at, id)`,
    `create index invocation_finished_at on ${t.invocation} (finished_at) where finished_at is not null`,
  ];
}

function entry(t: Tables): string[] {
  return [
    `create table ${t.entry} (
    invocation_id uuid not null,
    index int not null,
    kind text not null,
    name text not null,
    called_after int not null,
    seq int,
    outcome text,
    value text,
    tries int not null,
    due_at timestamptz,
    epoch int not null,
    duration_ms int,
    written_at timestamptz not null default now(),
    constraint entry_pkey primary key (invocation_id, index),
    constraint entry_outcome check (outcome in ('ok', 'error')),
    constraint entry_delivered check (seq is null or outcome is not null)
  ) with (fillfactor = 80)`,
    // Otherwise the planner takes the number of journals it once saw for that of all times, believes in journals of
    // thousands of entries as the table grows, and compiles (JIT) or reads all of it for a few dozen.
    `alter table ${t.entry} alter column invocation_id set (n_distinct = -0.2)`,
  ];
}

function worker(t: Tables): string {
  return `create table ${t.worker} (
    id text not null,
    host text not null,
    pid int not null,
    services text[] not null,
    started_at timestamptz not null default now(),
    lease_until timestamptz not null,
    constraint worker_pkey primary key (id)
  ) with (fillfactor = 50)`;
}
