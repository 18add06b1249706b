import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something outside this process has come about; fails after a minute. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`never came about: ${condition.toString()}`);
    await sleep(2);
  }
}
