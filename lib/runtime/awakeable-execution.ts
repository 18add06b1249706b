import { freshToken } from '../codec/awakeable-id.js';
import { ArrivalExecution } from './arrival-execution.js';
import type { Place } from './execution.js';
import type { AttemptKit } from './kit.js';

/** Waits for its completion from outside, by the one who was told its id. */
export class AwakeableExecution extends ArrivalExecution {
  /** The secret part of the id. */
  readonly token: string;
  private readonly written: Promise<boolean> | undefined;

  constructor(place: Place, kit: AttemptKit) {
    const token = place.open?.name ?? freshToken();
    super({ kind: 'awakeable', name: token }, place, kit);
    this.token = token;
    // At the call: whatever tells others the id is written, or starts, after it.
    if (!place.open) this.written = kit.writes.entry(this.opening());
  }

  giveUp(error: Error): void {
    const value = this.kit.env.errors.encode(error);
    this.kit.writes.note({ ...this.opening(), outcome: 'error', value });
  }

  protected async begin(): Promise<'over' | undefined> {
    return this.written && !(await this.written) ? 'over' : undefined;
  }
}
