/** Opens once; whoever waits for it, before or after, goes on. */
export class Latch {
  #open: () => void = () => undefined;
  readonly #opened = new Promise<void>(resolve => (this.#open = resolve));

  open(): void {
    this.#open();
  }

  wait(): Promise<void> {
    return this.#opened;
  }
}
