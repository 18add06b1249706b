import { setTimeout as sleep } from 'node:timers/promises';
import type { Act, Plan } from '../../apps/faults/protocol.js';
import type { Scene } from './scene.js';
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
    /** What is done for each once it is accepted. */
    private readonly bring: (id: string, number: number) => Promise<unknown> = async () => undefined,
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
    const id = await this.client.send(this.plan(number));
    this.accepted.push(id);
    this.slowestMs = Math.max(this.slowestMs, performance.now() - at);
    await this.bring(id, number);
  }
}

/**
 * Plans that sleep, call, talk to objects and wait for a signal `go`, in turn; their invocations are one more each for
 * those that call.
 */
export function mixed(number: number): Plan {
  const one = { name: 'one', ms: 20 };
  const own: Plan = { steps: [{ name: 'own', first: { append: `${number}` } }] };
  const first = (act: Act, signal: Act = { signal: 'go' }): Plan => ({
    steps: [one, { name: 'two', first: act }, { name: 'three', first: signal }],
  });
  switch (number % 4) {
    case 0:
      return first({ sleep: 200 });
    case 1:
      return first({ call: { steps: [{ name: 'child', first: { sleep: 50 } }] } });
    case 2:
      return first({ call: own, key: `object ${number % 12}` });
    default:
      return first({ attach: { steps: [{ name: 'child' }] } });
  }
}

/** Every object's log has each append of {@link mixed} exactly once, and no signal is left. */
export async function expectLogged(scene: Scene): Promise<void> {
  const rows = await scene.database.query<{ value: string }>(
    `select value from durable.state where name = 'log'`,
  );
  const logged = rows.flatMap(({ value }) => JSON.parse(value) as string[]);
  expect(new Set(logged).size).toBe(logged.length);
  const asked = scene.ledger.begun('step').filter(({ name }) => name.startsWith('own at'));
  expect(logged).toHaveLength(new Set(asked.map(({ id }) => id)).size);
  expect((await scene.records()).signals).toEqual([]);
}
