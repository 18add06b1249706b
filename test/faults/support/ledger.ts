import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import type { LedgerLine } from '../../apps/faults/protocol.js';

/** Reads what processes have witnessed, in the order of what happened. */
export class Ledger {
  readonly #lines: LedgerLine[] = [];
  readonly #ends: number[] = [];
  #read = 0;

  constructor(readonly path: string) {}

  lines(): readonly LedgerLine[] {
    if (!existsSync(this.path)) return [];
    const news = this.#appended();
    // A line that is being written is read next time.
    const whole = news.subarray(0, news.lastIndexOf('\n') + 1);
    this.#read += whole.length;
    for (const text of whole.toString('utf8').split('\n')) {
      if (text === '') continue;
      const line = JSON.parse(text) as LedgerLine;
      this.#lines.push(line);
      if (line.what === 'handler' && line.phase === 'end') this.#ends.push(line.at);
    }
    return this.#lines;
  }

  /** When handlers ended, as their processes say. */
  ends(): readonly number[] {
    this.lines();
    return this.#ends;
  }

  /** Executions of handlers or steps that began, of one invocation if it is named. */
  begun(what: 'handler' | 'step', id?: string): LedgerLine[] {
    return this.lines().filter(
      line => line.what === what && line.phase === 'start' && (id === undefined || line.id === id),
    );
  }

  /** How often a step of an invocation was begun. */
  executions(id: string, name: string): number {
    return this.begun('step', id).filter(line => line.name === name).length;
  }

  /** Fault points that an armed process reached. */
  points(pid: number): string[] {
    return this.lines()
      .filter(line => line.what === 'point' && line.pid === pid)
      .map(line => line.name);
  }

  #appended(): Buffer {
    const file = openSync(this.path, 'r');
    try {
      const news = Buffer.alloc(fstatSync(file).size - this.#read);
      return news.subarray(0, readSync(file, news, 0, news.length, this.#read));
    } finally {
      closeSync(file);
    }
  }
}
