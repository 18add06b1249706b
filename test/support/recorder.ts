import { Injectable } from '@nestjs/common';

/** What happened, in order: a provider that the parts of a test application write to. */
@Injectable()
export class Recorder {
  readonly events: string[] = [];

  note(event: string): void {
    this.events.push(event);
  }

  /** What happened since the last time. */
  take(): string[] {
    return this.events.splice(0);
  }

  /** How often something happened. */
  count(event: string): number {
    return this.events.filter(one => one === event).length;
  }
}
