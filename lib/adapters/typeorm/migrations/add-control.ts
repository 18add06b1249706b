import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tablesOf } from '../tables.js';

/**
 * Adds what restarts and deadlines need. Deadlines stand apart from the hot rows, for most invocations have none.
 */
export class AddControl1763800000000 implements MigrationInterface {
  readonly name = 'AddControl1763800000000';

  async up(runner: QueryRunner): Promise<void> {
    const t = tablesOf(runner);
    await runner.query(`create table ${t.deadline} (
    invocation_id uuid not null,
    at timestamptz not null,
    constraint deadline_pkey primary key (invocation_id)
  )`);
    await runner.query(`alter table ${t.invocation} add column seed uuid`);
    await runner.query(`create index deadline_at on ${t.deadline} (at)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    const t = tablesOf(runner);
    await runner.query(`alter table ${t.invocation} drop column seed`);
    await runner.query(`drop table ${t.deadline}`);
  }
}
