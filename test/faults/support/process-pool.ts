import { WorkerProcess } from './worker-process.js';

/**
 * Processes of a spec file that are loaded and have not begun: they belong to no scene yet, so that what one scene leaves
 * the next one takes.
 */
class ProcessPool {
  #idle: WorkerProcess[] = [];
  #wanted = 0;

  /** Keeps that many more loaded, until they are no longer wanted. */
  want(count: number): void {
    this.#wanted += count;
    this.#load(this.#wanted);
  }

  /** Loads that many beside those which are kept, once. */
  prepare(count: number): void {
    this.#load(this.#wanted + count);
  }

  take(): WorkerProcess {
    const taken = this.#idle.shift() ?? new WorkerProcess();
    this.#load(this.#wanted);
    return taken;
  }

  async kill(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map(process => process.kill()));
  }

  #load(count: number): void {
    this.#idle = this.#idle.filter(({ exit }) => !exit);
    while (this.#idle.length < count) this.#idle.push(new WorkerProcess());
  }
}

export const processPool = new ProcessPool();

// After those of the spec itself, which close its scenes.
afterAll(() => processPool.kill());
