import { createHash } from 'node:crypto';
import { lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { v4 } from 'uuid';
import { MIGRATIONS } from '../adapters/typeorm/schema.js';

/**
 * The files of an empty embedded database that has its tables, kept in the directory for temporary files: to make them
 * takes seconds of a processor, to read them does not. Where they cannot be kept, each database is made anew.
 */
export class EmbeddedFiles {
  /** @param schema that the tables are in */
  constructor(private readonly schema: string) {}

  async load(): Promise<Blob | undefined> {
    return this.orNothing(async path => new Blob([await readFile(path)]));
  }

  /** Keeps what `dump` gives, if nothing is kept yet. */
  async keep(dump: () => Promise<Blob>): Promise<void> {
    await this.orNothing(async path => {
      const own = `${path}.${v4()}`;
      await writeFile(own, new Uint8Array(await (await dump()).arrayBuffer()), { mode: 0o600 });
      // Another process may have been quicker: theirs are as good.
      await rename(own, path).catch(() => rm(own, { force: true }));
    });
  }

  private async orNothing<T>(use: (path: string) => Promise<T>): Promise<T | undefined> {
    try {
      return await use(join(await ownDirectory(), await this.name()));
    } catch {
      return undefined;
    }
  }

  /** Other code, other files: of the database itself, or of the tables. */
  private async name(): Promise<string> {
    const hash = createHash('sha256').update(
      [await versionOfPglite(), this.schema, ...MIGRATIONS].join('\n'),
    );
    return `${hash.digest('hex').slice(0, 32)}.tar`;
  }
}

async function versionOfPglite(): Promise<string> {
  const entry = createRequire(join(process.cwd(), 'package.json')).resolve('@electric-sql/pglite');
  return readFile(join(dirname(entry), '../package.json'), 'utf8');
}

/** A directory that nobody but this user writes to: who does could put anything into the tests' databases. */
async function ownDirectory(): Promise<string> {
  const user = process.getuid?.();
  const directory = join(tmpdir(), `nestjs-durable-testing-${user ?? 'user'}`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const found = await lstat(directory);
  const isOwn =
    found.isDirectory() && (user === undefined || (found.uid === user && (found.mode & 0o022) === 0));
  if (!isOwn) throw new Error(`${directory} belongs to somebody else`);
  return directory;
}
