import { createHash } from 'node:crypto';

/**
 * Random numbers that are the same on every replay: they follow from the invocation, the durable calls made before,
 * and how many were drawn since. So a draw that new code adds moves only those up to the next call.
 */
export class Sources {
  private position = -1;
  private drawn = 0;

  /**
   * @param seed id of the invocation, or of the one whose place it took
   * @param calls durable calls made so far
   */
  constructor(
    private readonly seed: string,
    private readonly calls: () => number,
  ) {}

  /** From 0 (included) to 1 (excluded), with 48 random bits. */
  random(): number {
    return this.draw('random').readUIntBE(0, 6) / 2 ** 48;
  }

  /** 16 random bytes. */
  bytes(): Buffer {
    return this.draw('bytes').subarray(0, 16);
  }

  private draw(what: string): Buffer {
    const position = this.calls();
    this.drawn = position === this.position ? this.drawn + 1 : 0;
    this.position = position;
    return createHash('sha256').update(`${this.seed}/${position}/${this.drawn}/${what}`).digest();
  }
}
