/**
 * For processes that open an embedded database and do little with it: its code is compiled once, quickly, and not again in
 * the background for speed, which takes more of a processor than all that a test asks of it.
 */
export const QUICK_DATABASE: readonly string[] = ['--liftoff-only'];
