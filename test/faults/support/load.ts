import { setTimeout as sleep } from 'node:timers/promises';
import type { Plan } from '../../apps/faults/protocol.js';
import type { WorkerProcess } from './worker-process.js';

/** Sends from one client, on and on, and keeps account of what was accepted and of what came out. */
export class Load {
  readonly accepted: string[] = [];
  readonly results = new Map<string, readonly string[]>();
  /** Milliseconds that the slowest `send()` took. */
  slowestMs = 0;

  readonly #sends: Promise<void>[] = [];
  readonly #loop: Promise<void>;
  #stopped = false;

  /** @param everyMs pause between two sends */
  constructor(
    private readonly client: WorkerProcess,
    private readonly plan: (number: number) => Plan,
    everyMs: number,
  ) {
    this.#loop = this.#run(everyMs);
  }

  /** Sends no more. Resolves when all that was sent is over; rejects if a `send()` or a result did. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
    await Promise.all(this.#sends);
    await Promise.all(
      this.accepted.map(async id => {
        this.results.set(id, await this.client.result(id));
      }),
    );
  }

  async #run(everyMs: number): Promise<void> {
    for (let number = 0; !this.#stopped; number++) {
      const send = this.#send(number);
      // Told by stop().
      send.catch(() => undefined);
      this.#sends.push(send);
      await sleep(everyMs);
    }
  }

  async #send(number: number): Promise<void> {
    const at = performance.now();
    this.accepted.push(await this.client.send(this.plan(number)));
    this.slowestMs = Math.max(this.slowestMs, performance.now() - at);
  }
}
