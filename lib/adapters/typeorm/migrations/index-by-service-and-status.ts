import type { MigrationInterface, QueryRunner } from 'typeorm';
import { DEFAULT_SCHEMA, quoted, tablesOf } from '../tables.js';

/**
 * What is due is found by its service, and what has a status that few have by that status. An invocation that is accepted by
 * a process that drives it, and completes, is in neither index.
 */
export class IndexByServiceAndStatus1763850000000 implements MigrationInterface {
  readonly name = 'IndexByServiceAndStatus1763850000000';

  async up(runner: QueryRunner): Promise<void> {
    const { invocation } = tablesOf(runner);
    await runner.query(`drop index ${indexOf(runner, 'invocation_due_at')}`);
    await runner.query(
      `create index invocation_service_due_at on ${invocation} (service, due_at) where due_at is not null`,
    );
    await runner.query(`create index invocation_status_created_at on ${invocation} (status, created_at, id)
      where status in ('suspended', 'paused', 'failed', 'cancelled')`);
  }

  async down(runner: QueryRunner): Promise<void> {
    const { invocation } = tablesOf(runner);
    await runner.query(`drop index ${indexOf(runner, 'invocation_status_created_at')}`);
    await runner.query(`drop index ${indexOf(runner, 'invocation_service_due_at')}`);
    await runner.query(`create index invocation_due_at on ${invocation} (due_at) where due_at is not null`);
  }
}

/** An index lies in the schema of its table. */
function indexOf(runner: QueryRunner, name: string): string {
  const { schema = DEFAULT_SCHEMA } = runner.connection.options as { readonly schema?: string };
  return `${quoted(schema)}.${name}`;
}
