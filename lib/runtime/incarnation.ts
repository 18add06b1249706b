/** Name under which a process claims: its own, or, once it lost its lease, the next one. */
export function incarnationOf(process: string, number: number): string {
  return number === 1 ? process : `${process}.${number}`;
}

/** The process that claims under a name. */
export function processOf(workerId: string): string {
  return workerId.split('.', 1)[0] ?? workerId;
}
