import { DurableService, Handler, Step } from 'nestjs-durable';

/** What a process has seen of invocations that a death interrupts. */
export interface Interruptions {
  /** Handlers that began, or began again. */
  readonly begun: number;
  /** When the last of them did, in milliseconds of the machine's clock. */
  readonly lastBegunAt: number;
  /** First steps that were run. */
  readonly recorded: number;
  /** Second steps that were run, or are held. */
  readonly reached: number;
}

/** Counts what a process does with invocations that a death interrupts, and holds them in their second step. */
export class Interruption {
  seen: Interruptions = { begun: 0, lastBegunAt: 0, recorded: 0, reached: 0 };

  /** @param holds whether the second steps never end, so that this process dies with all of them */
  constructor(private readonly holds: boolean) {}

  begins(): void {
    this.seen = { ...this.seen, begun: this.seen.begun + 1, lastBegunAt: Date.now() };
  }

  records(): void {
    this.seen = { ...this.seen, recorded: this.seen.recorded + 1 };
  }

  async reaches(): Promise<void> {
    this.seen = { ...this.seen, reached: this.seen.reached + 1 };
    if (this.holds) await new Promise(() => undefined);
  }
}

/** Invocations that a death interrupts between their first step, which is recorded, and their second one. */
@DurableService({ name: 'BenchInterrupted' })
export class InterruptedService {
  constructor(private readonly interruption: Interruption) {}

  @Handler()
  async twoSteps(value: number): Promise<number> {
    this.interruption.begins();
    return this.second(await this.first(value));
  }

  @Step()
  async first(value: number): Promise<number> {
    this.interruption.records();
    return value;
  }

  @Step()
  async second(value: number): Promise<number> {
    await this.interruption.reaches();
    return value;
  }
}
