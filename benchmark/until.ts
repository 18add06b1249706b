const PAUSE_MS = 50;
const PATIENCE_MS = 300_000;

/** Resolves when a condition holds; a benchmark that waits in vain fails, by the name of what it waits for. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const started = performance.now();
  while (!(await holds())) {
    if (performance.now() - started > PATIENCE_MS)
      throw new Error(`waited ${PATIENCE_MS} ms in vain until ${what}`);
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS));
  }
}
