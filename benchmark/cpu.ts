import { readFileSync, readdirSync } from 'node:fs';

/** Kernel ticks of `/proc/PID/stat` in a second: the same on every Linux that Node runs on. */
const TICKS = 100;

/**
 * CPU seconds that processes and all below them have used, with children of theirs that have ended; `undefined`
 * where the system has no `/proc`.
 */
export function cpuSecondsOf(roots: readonly number[]): number | undefined {
  const table = processTable();
  if (table.size === 0) return undefined;
  const below = (pid: number): number => {
    const process = table.get(pid);
    if (!process) return 0;
    const children = [...table].filter(([, { parent }]) => parent === pid);
    return children.reduce((sum, [child]) => sum + below(child), process.ticks);
  };
  return roots.reduce((sum, pid) => sum + below(pid), 0) / TICKS;
}

/** CPU seconds of this process alone. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function processTable(): Map<number, { parent: number; ticks: number }> {
  const table = new Map<number, { parent: number; ticks: number }>();
  for (const name of listProc()) {
    const fields = statOf(name);
    if (fields) table.set(Number(name), fields);
  }
  return table;
}

function listProc(): string[] {
  try {
    return readdirSync('/proc').filter(name => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** `undefined` for a process that has ended since it was listed. */
function statOf(pid: string): { parent: number; ticks: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // From the third field on: the second, a name, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { parent: Number(fields[1]), ticks };
  } catch {
    return undefined;
  }
}
