import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { types } from 'node:util';
import { DirectoryInUseError } from '../../errors/embedded.errors.js';
import { isAlive, ownIdentity } from './process-identity.js';
import type { ProcessIdentity } from './process-identity.js';

/*
 * A compare-and-swap made of `rename`.
 *
 * The directory `lock` holds exactly one empty file, whose *name* is the state of the lock:
 *
 *   free.<token>                                        nobody holds it
 *   held.<pid>.<startedAt>.<place>.<since>.<token>      that process does
 *
 * L1  Every state has a token of its own, so a name never comes back.
 * L2  A state changes only by renaming the file from the state that was read to the next one. Of several renames of
 *     one file exactly one succeeds; the others find nothing under the old name and look again. So of any number of
 *     processes that find the same stale state, one gets the lock, and a slow one cannot undo what came since.
 * L3  The file is never deleted or absent, also while it changes hands, so there is no moment in which a third
 *     process could find no lock. Whoever is killed between two steps leaves a valid state.
 * L4  The first state comes with the directory: it is prepared under another name and renamed into place, which
 *     fails if a directory with a state is there.
 *
 * Names, not contents: a rename takes both along at once, so no one ever reads a record that is half written.
 *
 * Whether a holder is alive is known exactly for processes of one place (see `ProcessIdentity`). A holder elsewhere
 * (another container or machine on the same volume, or before a reboot) is judged by the file's time of change,
 * which every holder moves once a second.
 */

/** Timings of the lock, in milliseconds. */
export interface LockTimings {
  /** How often a holder shows that it is alive. */
  readonly beatMs: number;
  /** How long a holder elsewhere is watched without a beat before it counts as dead. */
  readonly silenceMs: number;
  /** Age of the last beat, by this process's clock, from which a holder elsewhere need not be watched. */
  readonly oldMs: number;
}

const DEFAULT_TIMINGS: LockTimings = { beatMs: 1_000, silenceMs: 10_000, oldMs: 60_000 };

interface Held extends ProcessIdentity {
  readonly since: Date;
  readonly token: string;
}

/** The right to use a directory: one holder at a time, in this process and in all others. */
export class DirectoryLock {
  private readonly heartbeat: NodeJS.Timeout;
  private released: Promise<void> | undefined;

  private constructor(
    private readonly slot: string,
    private readonly state: string,
    beatMs: number,
    private readonly onLost: () => void,
  ) {
    this.heartbeat = setInterval(() => void this.beat(), beatMs);
    this.heartbeat.unref();
  }

  /**
   * Takes the lock of an existing directory. A lock left by a process that died is taken over.
   *
   * `onLost` is called once if the lock turns out to be gone while it is held: the directory was removed, or a
   * process elsewhere took it over after `silenceMs` without a beat.
   *
   * @throws DirectoryInUseError (DURABLE_DIRECTORY_IN_USE) while another holder is alive, also in this process.
   */
  static async acquire(
    directory: string,
    onLost: () => void = () => undefined,
    timings: LockTimings = DEFAULT_TIMINGS,
  ): Promise<DirectoryLock> {
    const slot = join(directory, 'lock');
    const self = await ownIdentity();
    const mine = formatHeld({ ...self, since: new Date(), token: randomUUID() });
    for (;;) {
      const state = await readState(slot);
      if (state === mine) return new DirectoryLock(slot, mine, timings.beatMs, onLost);
      const held = parseHeld(state);
      const isHeld =
        held !== undefined &&
        (held.place === self.place ? await isAlive(held) : await isBeating(join(slot, state), timings));
      if (isHeld) {
        throw new DirectoryInUseError(directory, held);
      }
      await swap(slot, state, mine);
    }
  }

  /** Gives the lock back. Idempotent; a lock that was lost is left to its new holder. */
  release(): Promise<void> {
    clearInterval(this.heartbeat);
    this.released ??= swap(this.slot, this.state, `free.${randomUUID()}`);
    return this.released;
  }

  private async beat(): Promise<void> {
    try {
      await touch(join(this.slot, this.state));
    } catch (error) {
      if (!isCode(error, 'ENOENT') || this.released !== undefined) return;
      clearInterval(this.heartbeat);
      this.onLost();
    }
  }
}

const READS = 2_000;

/** Reads the state, after making the slot if there is none. */
async function readState(slot: string): Promise<string> {
  for (let read = 0; read < READS; read++) {
    const names = await readdir(slot).catch(ignoring('ENOENT'));
    const states = names?.filter(name => /^(free|held)\./.test(name)) ?? [];
    const [state] = states;
    if (state !== undefined && states.length === 1) return state;
    // A listing that overlaps a rename may show both names or none; a slot that stays empty was emptied by hand.
    if (state === undefined) await createSlot(slot);
    else await sleep(1);
  }
  throw new Error(`"${slot}" does not hold one lock file; delete it if no process uses its directory`);
}

/** L4. Does nothing if there is a slot with a state. */
async function createSlot(slot: string): Promise<void> {
  const draft = `${slot}.${randomUUID()}`;
  await mkdir(draft);
  try {
    await writeFile(join(draft, `free.${randomUUID()}`), '');
    await rmdir(slot).catch(ignoring('ENOENT', 'ENOTEMPTY', 'EEXIST', 'EPERM'));
    await rename(draft, slot).catch(ignoring('ENOTEMPTY', 'EEXIST', 'EPERM'));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** L2. Does nothing if `from` is no longer the state. */
async function swap(slot: string, from: string, to: string): Promise<void> {
  try {
    // The first beat of the new state: a rename alone would keep the time of the old one.
    await touch(join(slot, from));
    await rename(join(slot, from), join(slot, to));
  } catch (error) {
    ignoring('ENOENT')(error);
  }
}

async function touch(file: string): Promise<void> {
  const now = new Date();
  await utimes(file, now, now);
}

/** Watches a holder of another place; a file that is gone changed hands and is not beating. */
async function isBeating(file: string, timings: LockTimings): Promise<boolean> {
  const first = await lastBeat(file);
  if (first === undefined || Date.now() - first > timings.oldMs) return false;
  const until = performance.now() + timings.silenceMs;
  while (performance.now() < until) {
    await sleep(Math.min(timings.beatMs / 4, timings.silenceMs));
    const last = await lastBeat(file);
    if (last !== first) return last !== undefined;
  }
  return false;
}

async function lastBeat(file: string): Promise<number | undefined> {
  return (await stat(file).catch(ignoring('ENOENT')))?.mtimeMs;
}

function formatHeld(held: Held): string {
  return `held.${held.pid}.${held.startedAt}.${held.place}.${held.since.getTime()}.${held.token}`;
}

function parseHeld(state: string): Held | undefined {
  const [kind, pid, startedAt, place, since, token] = state.split('.');
  if (kind !== 'held' || place === undefined || token === undefined) return undefined;
  return { pid: Number(pid), startedAt: Number(startedAt), place, since: new Date(Number(since)), token };
}

function ignoring(...codes: readonly string[]): (error: unknown) => undefined {
  return error => {
    if (!isCode(error, ...codes)) throw error;
    return undefined;
  };
}

function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return types.isNativeError(error) && codes.includes((error as NodeJS.ErrnoException).code ?? '');
}
