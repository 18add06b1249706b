/** A deliberate break: `from` is in `file` exactly once. */
export interface Mutant {
  readonly name: string;
  readonly breaks: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly tests: readonly string[];
  /** Picks tests by their names. */
  readonly pattern?: string;
}

export const MUTANTS: readonly Mutant[];
