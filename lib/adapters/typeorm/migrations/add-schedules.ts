import type { MigrationInterface, QueryRunner } from 'typeorm';
import { DEFAULT_SCHEMA, tables } from '../tables.js';
import type { Tables } from '../tables.js';

/** Adds what starts invocations by the clock, and what the workers say that their code declares of it. */
export class AddSchedules1763830000000 implements MigrationInterface {
  readonly name = 'AddSchedules1763830000000';

  async up(runner: QueryRunner): Promise<void> {
    const t = tablesOf(runner);
    await runner.query(`create table ${t.schedule} (
    name text not null,
    service text not null,
    handler text not null,
    kind text not null,
    object_key text,
    input text not null,
    cron text,
    time_zone text,
    every_ms float8,
    overlap text not null,
    catch_up text not null,
    digest uuid,
    revision int not null default 1,
    paused boolean not null default false,
    next_at timestamptz,
    last_at timestamptz,
    last_invocation_id uuid,
    late_by_ms float8,
    skipped int not null default 0,
    created_at timestamptz not null default now(),
    constraint schedule_pkey primary key (name),
    constraint schedule_timing check ((cron is null) = (time_zone is null) and (cron is null) <> (every_ms is null))
  ) with (fillfactor = 50)`);
    await runner.query(
      `create index schedule_next_at on ${t.schedule} (next_at) where next_at is not null and not paused`,
    );
    await runner.query(`alter table ${t.worker} add column schedules jsonb not null default '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    const t = tablesOf(runner);
    await runner.query(`drop table ${t.schedule}`);
    await runner.query(`alter table ${t.worker} drop column schedules`);
  }
}

function tablesOf(runner: QueryRunner): Tables {
  const { schema = DEFAULT_SCHEMA } = runner.connection.options as { readonly schema?: string };
  return tables(schema);
}
