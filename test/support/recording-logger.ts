import type { Logger } from '../../lib/ports/logger.js';

/** Keeps what it is told. */
export class RecordingLogger implements Logger {
  readonly lines: string[] = [];

  log(message: string): void {
    this.lines.push(message);
  }

  warn(message: string): void {
    this.lines.push(message);
  }

  error(message: string): void {
    this.lines.push(message);
  }
}
