import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tablesOf } from '../tables.js';
import type { Tables } from '../tables.js';

/** Adds what calls, virtual objects, signals and attachments need. Everything of an object is found by the object's id. */
export class AddProgrammingModel1763700000000 implements MigrationInterface {
  readonly name = 'AddProgrammingModel1763700000000';

  async up(runner: QueryRunner): Promise<void> {
    const t = tablesOf(runner);
    for (const statement of [...invocation(t), ...object(t), ...inbox(t)]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    const t = tablesOf(runner);
    await runner.query(`drop table ${t.attachment}, ${t.signal}, ${t.state}, ${t.object}`);
    await runner.query(`delete from ${t.invocation} where status = 'scheduled' and due_at is null`);
    await runner.query(`alter table ${t.invocation} drop constraint invocation_due, ${dueCheck(false)}`);
    await runner.query(`alter table ${t.invocation} drop column parent_id, drop column parent_index,
      drop column object_id, drop column object_key, drop column ticket, drop column wakes, drop column attached`);
  }
}

function dueCheck(mayQueue: boolean): string {
  const scheduled = `when status = 'scheduled' then due_at is not null${mayQueue ? ' or ticket is not null' : ''}`;
  return `add constraint invocation_due check (
      case ${scheduled}
           when status = 'backing_off' then due_at is not null
           when status = 'suspended' then true
           else due_at is null end)`;
}

function invocation(t: Tables): string[] {
  return [
    `alter table ${t.invocation}
      add column parent_id uuid,
      add column parent_index int,
      add column object_id uuid,
      add column object_key text,
      add column ticket bigint,
      add column wakes int not null default 0,
      add column attached boolean not null default false`,
    `alter table ${t.invocation} drop constraint invocation_due, ${dueCheck(true)}`,
    `create index invocation_parent_id on ${t.invocation} (parent_id) where parent_id is not null`,
    `create index invocation_ticket on ${t.invocation} (object_id, ticket)
      where ticket is not null and finished_at is null`,
    `create index invocation_attached on ${t.invocation} (id) where attached and finished_at is not null`,
  ];
}

function object(t: Tables): string[] {
  return [
    `create table ${t.object} (
    id uuid not null,
    service text not null,
    key text not null,
    tail bigint not null,
    holder uuid,
    waiting boolean not null,
    constraint object_pkey primary key (id)
  ) with (fillfactor = 50)`,
    `create index object_waiting on ${t.object} (id) where waiting`,
    `create table ${t.state} (
    object_id uuid not null,
    name text not null,
    value text not null,
    written_at timestamptz not null default now(),
    constraint state_pkey primary key (object_id, name)
  ) with (fillfactor = 80)`,
    // As for the entries: the planner must not take the number of objects it once saw for that of all times.
    `alter table ${t.state} alter column object_id set (n_distinct = -0.2)`,
  ];
}

function inbox(t: Tables): string[] {
  return [
    `create table ${t.signal} (
    invocation_id uuid not null,
    id uuid not null,
    number int not null,
    name text not null,
    value text not null,
    taken_by int,
    created_at timestamptz not null default now(),
    constraint signal_pkey primary key (invocation_id, id)
  )`,
    `alter table ${t.signal} alter column invocation_id set (n_distinct = -0.2)`,
    `create index signal_buffered on ${t.signal} (invocation_id, number) where taken_by is null`,
    `create table ${t.attachment} (
    invocation_id uuid not null,
    waiter_id uuid not null,
    waiter_index int not null,
    constraint attachment_pkey primary key (invocation_id, waiter_id, waiter_index)
  )`,
  ];
}
