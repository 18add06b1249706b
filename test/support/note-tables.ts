import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A small schema for tests of what opens and migrates a database. */
@Entity('note')
export class Note {
  @PrimaryColumn('bigint')
  id!: string;

  @Column('text')
  body!: string;
}

function schemaOf(runner: QueryRunner): string {
  const { options } = runner.dataSource;
  if (options.type !== 'postgres' || options.schema === undefined) throw new Error('no schema');
  return `"${options.schema}"`;
}

export class CreateNote1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE ${schemaOf(runner)}.note (id bigint PRIMARY KEY, body text NOT NULL)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE ${schemaOf(runner)}.note`);
  }
}

export class IndexNote1700000000002 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX note_body ON ${schemaOf(runner)}.note (body)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP INDEX ${schemaOf(runner)}.note_body`);
  }
}

export class Failing1700000000003 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE ${schemaOf(runner)}.half_done (id int)`);
    throw new Error('half done');
  }

  async down(): Promise<void> {
    // Never applied.
  }
}

export const noteTables = { entities: [Note], migrations: [CreateNote1700000000001] };
