/** Latches of this process, by name. */
export class Latches {
  private readonly opened = new Set<string>();
  private readonly waiting = new Map<string, (() => void)[]>();

  open(name: string): void {
    this.opened.add(name);
    for (const resolve of this.waiting.get(name) ?? []) resolve();
  }

  isOpen(name: string): boolean {
    return this.opened.has(name);
  }

  wait(name: string): Promise<void> {
    if (this.isOpen(name)) return Promise.resolve();
    return new Promise(resolve => this.waiting.set(name, [...(this.waiting.get(name) ?? []), resolve]));
  }
}
