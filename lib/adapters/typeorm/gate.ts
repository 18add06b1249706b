/** Lets only so many through at once; the others wait in line. */
export class Gate {
  private free: number;
  private readonly line: (() => void)[] = [];

  constructor(width: number) {
    this.free = width;
  }

  /** Runs `work` when there is room. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--;
    else await new Promise<void>(resolve => this.line.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.line.shift();
      if (next) next();
      else this.free++;
    }
  }
}
