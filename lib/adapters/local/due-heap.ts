import type { Hint } from '../../ports/store.js';

/** A hint, and when it is due, in milliseconds of the process's monotonic clock. */
export interface DueAt extends Hint {
  readonly at: number;
}

/** Hints by when they are due: a binary heap. */
export class DueHeap {
  readonly #items: DueAt[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** When the first is due. */
  get next(): number | undefined {
    return this.#items[0]?.at;
  }

  add(item: DueAt): void {
    const items = this.#items;
    let place = items.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = items[above];
      if (!parent || parent.at <= item.at) break;
      items[place] = parent;
      place = above;
    }
    items[place] = item;
  }

  /** Removes and returns what is due at `now`, earliest first. */
  takeDue(now: number): DueAt[] {
    const due: DueAt[] = [];
    for (let first = this.#items[0]; first && first.at <= now; first = this.#items[0]) {
      due.push(first);
      this.#removeFirst();
    }
    return due;
  }

  #removeFirst(): void {
    const items = this.#items;
    const last = items.pop();
    if (last && items.length > 0) this.#sink(last);
  }

  /** Puts an item at the root and lets it sink to where it belongs. */
  #sink(item: DueAt): void {
    const items = this.#items;
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const right = left + 1;
      const smaller = atOf(items[right]) < atOf(items[left]) ? right : left;
      const child = items[smaller];
      if (!child || child.at >= item.at) break;
      items[place] = child;
      place = smaller;
    }
    items[place] = item;
  }
}

function atOf(item: DueAt | undefined): number {
  return item ? item.at : Infinity;
}
