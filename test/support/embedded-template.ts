import { existsSync } from 'node:fs';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedDatabase } from '../../lib/adapters/embedded/embedded-database.js';
import { runMigrations } from '../../lib/adapters/typeorm/migrate.js';
import { ENTITIES, MIGRATIONS } from '../../lib/adapters/typeorm/schema.js';
import { RecordingLogger } from './recording-logger.js';

/** Of this run of tests: `npm test` gives them a directory of their own. */
const TEMPLATE = join(
  tmpdir(),
  `durable-template-${process.env.DURABLE_TEST_RUN === undefined ? process.ppid : 'run'}`,
);

/**
 * Puts an embedded database with its tables into an empty directory: a copy of one that was made before, for to create
 * one takes seconds of a processor.
 */
export async function copyEmbedded(directory: string): Promise<void> {
  if (!existsSync(TEMPLATE)) await makeTemplate();
  await cp(TEMPLATE, directory, { recursive: true });
}

async function makeTemplate(): Promise<void> {
  const made = await mkdtemp(join(tmpdir(), 'durable-template-in-the-making-'));
  const options = {
    schema: 'durable',
    entities: ENTITIES,
    migrations: MIGRATIONS,
    logger: new RecordingLogger(),
  };
  const database = await openEmbeddedDatabase({ directory: made, ...options });
  await runMigrations(database.dataSource, 'durable');
  await database.close();
  // Another one may have been quicker: theirs is as good.
  await rename(made, TEMPLATE).catch(() => rm(made, { recursive: true, force: true }));
}
