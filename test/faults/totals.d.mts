/** What is added up over all trials of a run, by name, with what it means. */
export const TOTALS: Readonly<Record<string, string>>;

/** Name of the sum of everything that Redis may lose. */
export const REDIS_LOSSES: string;

/** Adds up what trials have counted, by the names of {@link TOTALS}; what none of them counted is 0. */
export function totalsOf(
  trials: readonly { readonly figures: Readonly<Record<string, unknown>> }[],
): Record<string, number>;
