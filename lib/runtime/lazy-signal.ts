/** An `AbortSignal` that costs nothing unless somebody asks for it. */
export class LazySignal {
  private controller: AbortController | undefined;
  private reason: (() => Error) | undefined;

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.reason) this.controller.abort(this.reason());
    }
    return this.controller.signal;
  }

  /** Aborts the signal, once; later reasons are dropped. */
  abort(reason: () => Error): void {
    if (this.reason) return;
    this.reason = reason;
    this.controller?.abort(reason());
  }
}
