/** A queue of ids with a bound. */
export class Fifo {
  #items: string[] = [];
  #head = 0;
  #refused = false;

  constructor(private readonly bound: number) {}

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** Whether something was refused since the last {@link settle}. */
  get refused(): boolean {
    return this.#refused;
  }

  /** Appends an id; beyond the bound it is refused. */
  push(id: string): void {
    if (this.size < this.bound) this.#items.push(id);
    else this.#refused = true;
  }

  /** Takes the oldest ids, `count` at the most. */
  shift(count: number): string[] {
    const taken = this.#items.slice(this.#head, this.#head + count);
    this.#head += taken.length;
    if (this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  /** Forgets that something was refused. */
  settle(): void {
    this.#refused = false;
  }
}
