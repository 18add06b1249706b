import type { Cancel } from '../ports/clock.js';
import type { Moment } from '../ports/store.js';
import type { Ready } from './deliveries.js';
import type { Execution, Phase, Place, Settlement } from './execution.js';
import type { AttemptKit } from './kit.js';

/**
 * A durable timer. It is over once the store says so: this process only knows when to ask, so that neither its
 * clock nor a pause of it makes a timer early.
 */
export class TimerExecution implements Execution {
  phase: Phase = 'busy';
  private until = 0;
  private cancelWait: Cancel | undefined;
  private stopped = false;

  constructor(
    private readonly time: Moment,
    private readonly name: string,
    private readonly place: Place,
    private readonly kit: AttemptKit,
  ) {}

  get remainingMs(): number {
    return this.phase === 'waiting' ? Math.max(0, this.until - this.kit.env.clock.monotonic()) : 0;
  }

  async run(): Promise<Ready | undefined> {
    for (let left = await this.begin(); left !== 0; left = await this.ask()) {
      // A wait that begins when it is over already would keep the attempt in memory until its time is over.
      if (left === undefined || this.stopped) return undefined;
      await this.wait(left);
    }
    if (this.stopped) return undefined;
    return this.settled({ outcome: 'ok', value: this.kit.env.codec.encode(undefined) });
  }

  settled({ outcome, value }: Settlement): Ready {
    const { index, calledAfter } = this.place;
    return {
      kind: 'sleep',
      name: this.name,
      index,
      calledAfter,
      outcome,
      value,
      tries: 0,
      durationMs: null,
    };
  }

  stop(): void {
    this.stopped = true;
    this.cancelWait?.();
  }

  /** Milliseconds left; `undefined`: the lease is over. */
  private async begin(): Promise<number | undefined> {
    const { open, index, calledAfter } = this.place;
    if (open) return this.goOn(open.dueIn ?? 0);
    const due = 'ms' in this.time ? { dueInMs: this.time.ms } : { dueInMs: 0, at: this.time.at };
    const nothing = { seq: null, outcome: null, value: null, tries: 0, durationMs: null };
    const written = this.kit.writes.entry({
      kind: 'sleep',
      name: this.name,
      index,
      calledAfter,
      ...nothing,
      ...due,
    });
    if (!(await written)) return undefined;
    return 'ms' in this.time ? this.time.ms : this.ask();
  }

  /** Of times that are over already, the first one comes first. */
  private async goOn(dueIn: number): Promise<number> {
    if (dueIn <= 0) await this.kit.overdue(dueIn);
    return Math.max(0, dueIn);
  }

  private ask(): Promise<number | undefined> {
    const { index } = this.place;
    const { invocationId } = this.kit.writes.lease;
    return this.kit.patiently(
      () => this.kit.env.timers.get({ invocationId, index }),
      () => this.stopped,
    );
  }

  private wait(ms: number): Promise<void> {
    const { clock } = this.kit.env;
    this.until = clock.monotonic() + ms;
    const over = new Promise<void>(resolve => {
      this.cancelWait = clock.after(ms, () => {
        this.phase = 'busy';
        this.kit.onGo();
        resolve();
      });
    });
    this.phase = 'waiting';
    // Last: the attempt may let go at once, and what still ran then would keep it in memory until the time is over.
    this.kit.onWait();
    return over;
  }
}
