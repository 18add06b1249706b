/** Resolves when a condition holds; looks every few milliseconds, and fails by the name of what it waits for. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  ms = 5_000,
): Promise<void> {
  const end = performance.now() + ms;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Waited ${ms} ms in vain until ${what}`);
    await new Promise(resolve => setTimeout(resolve, 5));
  }
}
