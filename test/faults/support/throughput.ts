const BEFORE_MS = 3_000;
const WINDOW_MS = 1_000;
/** Of what it was before, so much counts as back. */
const SHARE = 0.9;

/**
 * Milliseconds from a moment until as many handlers ended within a second as in nine of ten before the fault;
 * `undefined` if there were none before, or never as many again.
 *
 * @param ends in their order
 */
export function backAfter(ends: readonly number[], fault: number, healed: number): number | undefined {
  const before = ends.filter(at => at > fault - BEFORE_MS && at <= fault).length;
  const wanted = Math.ceil((SHARE * before * WINDOW_MS) / BEFORE_MS);
  if (wanted === 0) return undefined;
  const after = ends.filter(at => at > healed);
  const last = after.find((at, index) => {
    const first = after[index - wanted + 1];
    return first !== undefined && at - first <= WINDOW_MS;
  });
  return last === undefined ? undefined : last - healed;
}
