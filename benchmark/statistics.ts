/** Median of some rounds, with the range they were in. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Percent at which a distribution is kept: every fifth, and more at the end, where what matters is. */
export const SHARES: readonly number[] = [
  0,
  1,
  2,
  ...Array.from({ length: 18 }, (_, at) => 5 * (at + 1)),
  ...[95, 96, 97, 98, 99, 99.5, 99.9, 100],
];

/**
 * The smallest of `values` that `share` percent of them do not exceed.
 * @throws RangeError without values
 */
export function percentile(values: readonly number[], share: number): number {
  return atShare(sorted(values), share);
}

/**
 * Percentiles of `values`, one for each of `SHARES`, to a thousandth.
 * @throws RangeError without values
 */
export function distribution(values: readonly number[]): number[] {
  const inOrder = sorted(values);
  return SHARES.map(share => Math.round(atShare(inOrder, share) * 1_000) / 1_000);
}

/** @throws RangeError without values */
export function spread(values: readonly number[]): Spread {
  return { median: percentile(values, 50), min: Math.min(...values), max: Math.max(...values) };
}

function sorted(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

function atShare(inOrder: readonly number[], share: number): number {
  const found = inOrder[Math.max(0, Math.ceil((share / 100) * inOrder.length) - 1)];
  if (found === undefined) throw new RangeError('There is no percentile of nothing.');
  return found;
}
