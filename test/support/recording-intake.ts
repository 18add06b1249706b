import type { Consumer, Intake, Transport } from '../../lib/ports/transport.js';

let workers = 0;

/**
 * A worker that notes what it is given. Its capacity is a number that a take uses up until it is over; `held`
 * takes end when the test says so.
 */
export class RecordingIntake implements Intake {
  readonly workerId = `worker-${process.pid}-${++workers}`;
  readonly batches: string[][] = [];
  readonly receivedAt = new Map<string, number>();
  losses = 0;
  /** Asked for capacity so often. */
  asked = 0;
  /** A batch that was larger than the capacity at that time. */
  excess = 0;
  /** What a take does before it ends. */
  onTake: (ids: readonly string[]) => Promise<void> = async () => undefined;
  #underWay = 0;

  constructor(
    readonly services: readonly string[],
    public limit = 1_000,
  ) {}

  get ids(): string[] {
    return this.batches.flat();
  }

  capacity(): number {
    this.asked += 1;
    return Math.max(0, this.limit - this.#underWay);
  }

  async take(ids: readonly string[]): Promise<void> {
    this.excess = Math.max(this.excess, ids.length - Math.max(0, this.limit - this.#underWay));
    this.#underWay += ids.length;
    this.batches.push([...ids]);
    for (const id of ids) this.receivedAt.set(id, performance.now());
    try {
      await this.onTake(ids);
    } finally {
      this.#underWay -= ids.length;
    }
  }

  lost(): void {
    this.losses += 1;
  }

  /** Starts to consume with this intake. */
  on(transport: Transport): Promise<Consumer> {
    return transport.consume(this);
  }
}

/** Takes that wait until {@link open} is called. */
export function latch(): { readonly wait: () => Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>(resolve => (open = resolve));
  return { wait: () => opened, open };
}
