/** Median of some rounds, with the range they were in. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/**
 * The smallest of `values` that `share` percent of them do not exceed.
 * @throws RangeError without values
 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil((share / 100) * sorted.length) - 1)];
  if (found === undefined) throw new RangeError('There is no percentile of nothing.');
  return found;
}

/** @throws RangeError without values */
export function spread(values: readonly number[]): Spread {
  return { median: percentile(values, 50), min: Math.min(...values), max: Math.max(...values) };
}
