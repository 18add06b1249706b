import { existsSync, readFileSync } from 'node:fs';
import type { LedgerLine } from '../../apps/faults/protocol.js';

/** Reads what processes have witnessed, in the order of what happened. */
export class Ledger {
  constructor(readonly path: string) {}

  lines(): LedgerLine[] {
    if (!existsSync(this.path)) return [];
    const text = readFileSync(this.path, 'utf8');
    return text
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line) as LedgerLine);
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
}
