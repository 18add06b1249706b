import { ArrivalExecution } from './arrival-execution.js';
import type { SignalWait } from './arrivals.js';
import type { Ready } from './deliveries.js';

/** Waits for the next signal of a name: one that is buffered, or one to come. */
export class SignalExecution extends ArrivalExecution {
  private wait: SignalWait | undefined;

  override stop(): void {
    super.stop();
    this.wait?.cancel();
  }

  protected async begin(): Promise<'over' | undefined> {
    // Recorded, though nothing depends on it, so that people see what is waited for.
    if (!this.place.open && !(await this.kit.writes.entry(this.opening()))) return 'over';
    return undefined;
  }

  protected override async arrival(): Promise<Ready | undefined> {
    this.wait = this.kit.arrivals.signal(this.signature.name);
    const { id, value } = await this.wait.signal;
    return this.stopped ? undefined : this.ready('ok', value, id);
  }
}
