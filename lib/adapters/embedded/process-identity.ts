import { createHash } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';

/** Names a process so that a later one under the same process id is told apart. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot; `0` where the system does not tell. */
  readonly startedAt: number;
  /**
   * Where `pid` means something: one boot of one machine and one process namespace (a container has its own).
   * Processes of different places cannot see whether the other is alive.
   */
  readonly place: string;
}

/** The identity of this process. */
export async function ownIdentity(): Promise<ProcessIdentity> {
  const [stat, place] = await Promise.all([readStat(process.pid), ownPlace()]);
  return { pid: process.pid, startedAt: stat?.startedAt ?? 0, place };
}

/**
 * Whether a process of this place is alive: the id is in use, and by the process that started at `startedAt`.
 *
 * Where the system tells no start time, an id in use counts as alive.
 */
export async function isAlive(process: Pick<ProcessIdentity, 'pid' | 'startedAt'>): Promise<boolean> {
  const stat = await readStat(process.pid);
  if (stat === undefined) return isInUse(process.pid);
  if (stat.ended) return false;
  return process.startedAt === 0 || stat.startedAt === process.startedAt;
}

interface Stat {
  readonly startedAt: number;
  /** It has ended, and its parent has not collected it yet. */
  readonly ended: boolean;
}

/** Reads `/proc/<pid>/stat`; `undefined` without `/proc`, or if the process is gone or hidden. */
async function readStat(pid: number): Promise<Stat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  // The second field is the command in parentheses, which may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const startedAt = Number(fields[19]);
  if (!Number.isSafeInteger(startedAt)) return undefined;
  return { startedAt, ended: fields[0] === 'Z' || fields[0] === 'X' };
}

function isInUse(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function ownPlace(): Promise<string> {
  try {
    const [boot, namespace] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readlink('/proc/self/ns/pid'),
    ]);
    return createHash('sha256').update(`${boot.trim()} ${namespace}`).digest('hex').slice(0, 16);
  } catch {
    return process.platform;
  }
}
