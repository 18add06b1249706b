import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DirectoryInUseError, DirectoryLostError, EmbeddedOpenError } from '../../errors/embedded.errors.js';
import { DirectoryLock } from './directory-lock.js';

/**
 * The directory of an embedded database, held by this process:
 *
 *   lock/       who holds it (see `DirectoryLock`)
 *   pgdata/     the files of the database
 *   creating    is there while the database is created for the first time
 *   .gitignore  keeps all of it out of the user's repository
 */
export class EmbeddedDirectory {
  private lost = false;
  private lock: DirectoryLock | undefined;
  private readonly data: string;
  private readonly creating: string;

  private constructor(private readonly path: string) {
    this.data = join(path, 'pgdata');
    this.creating = join(path, 'creating');
  }

  /**
   * Makes the directory if it is missing, and takes it. `onLost` is told if it is taken away again.
   *
   * @throws DirectoryInUseError, or EmbeddedOpenError if it cannot be made or written.
   */
  static async take(path: string, onLost: (error: DirectoryLostError) => void): Promise<EmbeddedDirectory> {
    const directory = new EmbeddedDirectory(path);
    try {
      await mkdir(path, { recursive: true });
      directory.lock = await DirectoryLock.acquire(path, () => {
        directory.lost = true;
        onLost(new DirectoryLostError(path));
      });
      return directory;
    } catch (cause) {
      if (cause instanceof DirectoryInUseError) throw cause;
      throw new EmbeddedOpenError(path, { cause });
    }
  }

  /** Whether it still belongs to this process. */
  get isHeld(): boolean {
    return !this.lost;
  }

  /** @throws DirectoryLostError (DURABLE_DIRECTORY_LOST) if it no longer belongs to this process. */
  assertHeld(): void {
    if (this.lost) throw new DirectoryLostError(this.path);
  }

  /**
   * Opens the database with `create`, which makes a new one where it finds none.
   *
   * A first creation that was killed half way is started again: nobody had been given the database yet.
   *
   * @throws EmbeddedOpenError (DURABLE_EMBEDDED_OPEN)
   */
  async open<T>(create: (data: string) => Promise<T>): Promise<T> {
    try {
      if (existsSync(this.creating)) await rm(this.data, { recursive: true, force: true });
      if (!existsSync(this.data)) await this.prepare();
      const database = await create(this.data);
      await rm(this.creating, { force: true });
      await syncDirectory(this.path);
      return database;
    } catch (cause) {
      throw new EmbeddedOpenError(this.path, { cause, hint: await this.versionHint() });
    }
  }

  /** Gives the directory back. Idempotent. */
  async release(): Promise<void> {
    await this.lock?.release();
  }

  private async prepare(): Promise<void> {
    await writeFile(join(this.path, '.gitignore'), '*\n');
    await writeFile(this.creating, '');
    await syncDirectory(this.path);
  }

  private async versionHint(): Promise<string | undefined> {
    if (existsSync(this.creating)) return undefined;
    const version = await readFile(join(this.data, 'PG_VERSION'), 'utf8').catch(() => undefined);
    if (version === undefined) return undefined;
    return (
      `It was written by PostgreSQL ${version.trim()}, and a version of @electric-sql/pglite that is another ` +
      'PostgreSQL cannot read it: install the one that wrote it, or set another `embedded.directory`.'
    );
  }
}

/** The mark of a creation must not outlive a power failure, or a later start would delete a finished database. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
