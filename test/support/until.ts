/** How soon it looks again, in milliseconds: at once what comes at once; what takes longer is not to be slowed by looking. */
const FIRST_MS = 5;
const OFTEN_MS = 100;
const LAST_MS = 40;

/** Resolves when a condition holds; looks every few milliseconds, and fails by the name of what it waits for, and what `explain` says. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  ms = 5_000,
  explain: () => string | Promise<string> = () => '',
): Promise<void> {
  const start = performance.now();
  let pause = FIRST_MS;
  while (!(await holds())) {
    const waited = performance.now() - start;
    if (waited > ms) throw new Error(`Waited ${ms} ms in vain until ${what}. ${await explain()}`.trim());
    if (waited > OFTEN_MS) pause = Math.min(pause * 1.5, LAST_MS);
    await new Promise(resolve => setTimeout(resolve, pause));
  }
}
