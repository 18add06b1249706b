import type { Logger } from '../../lib/ports/logger.js';

/** A logger that remembers what it was told. */
export class RecordingLogger implements Logger {
  readonly logs: string[] = [];
  readonly warnings: string[] = [];
  readonly errors: string[] = [];

  log(message: string): void {
    this.logs.push(message);
  }

  warn(message: string): void {
    this.warnings.push(message);
  }

  error(message: string): void {
    this.errors.push(message);
  }

  get everything(): string {
    return this.lines.join('\n');
  }

  /** All of it, by severity. */
  get lines(): string[] {
    return [...this.logs, ...this.warnings, ...this.errors];
  }
}
