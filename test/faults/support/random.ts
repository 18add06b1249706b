/** Numbers that are the same for the same seed (mulberry32). */
export class SeededRandom {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** `DURABLE_TEST_SEED`, or a seed of its own; printed, so that a failure can be had again. */
  static fromEnvironment(): SeededRandom {
    const given = process.env.DURABLE_TEST_SEED;
    const seed = given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
    console.log(`DURABLE_TEST_SEED=${seed}`);
    return new SeededRandom(seed);
  }

  /** From 0 (included) to 1 (excluded). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1));
  }
}
