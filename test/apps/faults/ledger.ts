import { openSync, writeSync } from 'node:fs';
import type { LedgerLine } from './protocol.js';
import { trueNow } from './skewed-clock.js';

/**
 * The witness of what was really executed: outside of the system, appended line by line by every process, in one
 * order for all of them. A line that was written survives the process.
 */
export class LedgerWriter {
  private readonly file: number;
  private executions = 0;

  constructor(path: string) {
    this.file = openSync(path, 'a');
  }

  /** A name for an execution that no other has. */
  token(name: string): string {
    return `${name}#${process.pid}.${++this.executions}`;
  }

  write(line: Omit<LedgerLine, 'pid' | 'at'>): void {
    writeSync(this.file, `${JSON.stringify({ pid: process.pid, at: trueNow(), ...line })}\n`);
  }
}
