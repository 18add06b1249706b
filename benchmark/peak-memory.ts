import { readFileSync, writeFileSync } from 'node:fs';

/** Makes the kernel forget the most that processes have held so far; whether it could for each of them. */
export function resetPeaks(processes: readonly number[]): boolean {
  try {
    for (const pid of processes) writeFileSync(`/proc/${pid}/clear_refs`, '5');
    return true;
  } catch {
    return false;
  }
}

/** Megabytes of RSS that processes have held at the most since then, added up; `undefined` where the kernel does not tell. */
export function peakMegabytes(processes: readonly number[]): number | undefined {
  try {
    const peaks = processes.map(pid => peakOf(readFileSync(`/proc/${pid}/status`, 'utf8')));
    return peaks.reduce((sum, peak) => sum + peak, 0);
  } catch {
    return undefined;
  }
}

/**
 * Megabytes that `/proc/PID/status` says a process had at the most.
 * @throws RangeError if it does not
 */
export function peakOf(status: string): number {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kibibytes === undefined)
    throw new RangeError('The kernel does not say what the process had at the most.');
  return (Number(kibibytes) * 1_024) / 1_000_000;
}
