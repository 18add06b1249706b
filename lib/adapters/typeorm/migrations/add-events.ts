import type { MigrationInterface, QueryRunner } from 'typeorm';
import { DEFAULT_SCHEMA, tables } from '../tables.js';
import type { Tables } from '../tables.js';

/** Adds the subscriptions to events, as workers declare them. */
export class AddEvents1763800300000 implements MigrationInterface {
  readonly name = 'AddEvents1763800300000';

  async up(runner: QueryRunner): Promise<void> {
    const { subscription } = tablesOf(runner);
    await runner.query(`create table ${subscription} (
    worker_id text not null,
    event text not null,
    service text not null,
    handler text not null,
    declared_at timestamptz not null default now(),
    constraint subscription_pkey primary key (event, service, handler, worker_id)
  )`);
    await runner.query(`create index subscription_service on ${subscription} (service)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop table ${tablesOf(runner).subscription}`);
  }
}

function tablesOf(runner: QueryRunner): Tables {
  const { schema = DEFAULT_SCHEMA } = runner.connection.options as { readonly schema?: string };
  return tables(schema);
}
