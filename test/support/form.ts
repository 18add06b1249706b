/** Whether tests take their long form (`DURABLE_TEST_FULL=1`), which is not for every `npm test`. */
export const IS_FULL = process.env.DURABLE_TEST_FULL === '1';

/** The long or the short form of a number, a list …: what a test does is the same. */
export function form<T>(full: T, short: T): T {
  return IS_FULL ? full : short;
}
