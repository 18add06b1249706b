/** Errors that came from the journal, with the index of their entry. Costs nothing until there is one. */
export class RecordedErrors {
  private known: WeakMap<object, number> | undefined;

  add(error: object, index: number): void {
    (this.known ??= new WeakMap()).set(error, index);
  }

  /** Index of the entry that an error came from. */
  indexOf(error: object): number | undefined {
    return this.known?.get(error);
  }
}
