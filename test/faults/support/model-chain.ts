import type { WorkerOptions } from '../../../lib/index.js';
import type { Plan } from '../../apps/faults/protocol.js';
import { until } from '../../support/until.js';
import type { ModelCase, ModelStory } from './model-cases.js';
import { PATIENCE_MS, Scene, type Setting } from './scene.js';
import type { Trial } from './trial.js';
import type { WorkerProcess } from './worker-process.js';

/** One process at a time. What waits is let go at once, so that every wait is a suspension. */
const WORKER: WorkerOptions = { lease: '1s', sweepInterval: '50ms', residency: 0 };
const CAME = 'came';

/** What is left of a case when its invocations are over. */
export interface Left {
  /** Names of the steps that were run, in all invocations of the case, with those that were in vain. */
  readonly steps: readonly string[];
  /** What its object has in its log. */
  readonly log: readonly string[] | undefined;
}

/** Goes through cases one after the other: a process is killed in each, and the next one finishes what it left. */
export class ModelChain {
  readonly #verdicts = new Map<string, Promise<Left>>();
  readonly #results = new Map<string, readonly string[]>();
  #current: WorkerProcess | undefined;

  private constructor(
    private readonly scene: Scene,
    cases: readonly ModelCase[],
  ) {
    let before: Promise<unknown> = Promise.resolve();
    for (const one of cases) {
      const verdict = before.then(() => this.#go(one));
      this.#verdicts.set(one.name, verdict);
      before = verdict.catch(() => this.#current?.kill());
    }
  }

  static async start(setting: Setting, cases: readonly ModelCase[], trial: Trial): Promise<ModelChain> {
    return new ModelChain(await Scene.open(setting, { worker: WORKER, trial }), cases);
  }

  left({ name }: ModelCase): Promise<Left> | undefined {
    return this.#verdicts.get(name);
  }

  /** Ends the last process; what is not as it must be then. */
  async conclude(): Promise<string[]> {
    await Promise.allSettled(this.#verdicts.values());
    const breaches = await this.scene.conclude({
      accepted: [...this.#results.keys()],
      results: this.#results,
    });
    const { signals } = await this.scene.records();
    return [...breaches, ...signals.map(signal => `signal ${signal} was not taken`)];
  }

  close(): Promise<void> {
    return this.scene.close();
  }

  async #go(one: ModelCase): Promise<Left> {
    const from = this.scene.ledger.lines().length;
    const bring = await this.#stories[one.story](one);
    const worker = await this.#worker();
    const id = await this.#send(worker, one);
    await bring?.(worker, id);
    this.#results.set(id, await worker.result(id));
    await this.#allOver(worker, one);
    const log = one.onObject ? await worker.ask<string[]>({ do: 'log', object: one.name }) : undefined;
    const lines = this.scene.ledger.lines().slice(from);
    const steps = lines.filter(({ what, phase }) => what === 'step' && phase === 'end');
    return { steps: steps.map(({ name }) => name), log };
  }

  /** With those that it sent and that nobody waits for: what runs on would be taken for a step of the next case. */
  async #allOver(worker: WorkerProcess, { name }: ModelCase): Promise<void> {
    const areOver = async (): Promise<boolean> =>
      (await worker.ask<string[]>({ do: 'unfinished' })).length === 0;
    await until(`all invocations of "${name}" are over`, areOver, PATIENCE_MS);
  }

  /** Brings it to the point; what has to be brought to it again afterwards, as by a client that got no answer. */
  readonly #stories: Record<
    ModelStory,
    (one: ModelCase) => Promise<((worker: WorkerProcess, id: string) => Promise<unknown>) | undefined>
  > = {
    call: async one => {
      const worker = await this.#worker();
      await worker.arm(one.point, one.nth);
      await this.#dies(worker, this.#send(worker, one));
      return undefined;
    },
    publish: async one => {
      const worker = await this.#worker();
      await worker.arm(one.point, one.nth);
      await this.#dies(worker, this.#send(worker, one));
      return undefined;
    },
    delay: async one => {
      const worker = await this.#worker();
      await worker.arm(one.point, one.nth);
      await this.#dies(worker, this.#send(worker, one));
      return undefined;
    },
    signal: async one => {
      const worker = await this.#worker();
      const id = await this.#send(worker, one);
      await this.#suspended(worker, id);
      const bring = (to: WorkerProcess): Promise<unknown> =>
        to.ask({ do: 'signal', id, name: 'go', value: CAME, key: 'once' }).catch(ignoreOver);
      await worker.arm(one.point, one.nth);
      await this.#dies(worker, bring(worker));
      return bring;
    },
    complete: async one => {
      const worker = await this.#worker();
      const id = await this.#send(worker, one);
      await this.#suspended(worker, id);
      const given = this.scene.ledger.lines().find(line => line.what === 'awakeable' && line.id === id);
      const bring = (to: WorkerProcess): Promise<unknown> =>
        to.ask({ do: 'complete', awakeable: given?.name ?? '', value: CAME }).catch(ignoreOver);
      await worker.arm(one.point, one.nth);
      await this.#dies(worker, bring(worker));
      return bring;
    },
    queue: async one => {
      const worker = await this.#worker();
      const first: Plan = { steps: [{ name: 'holds', first: { append: 'a' }, hold: one.name }] };
      const holder = await worker.send(first, { key: `${one.name}, first`, object: one.name });
      await this.scene.witnessed('its object is held', lines =>
        lines.some(({ what, id }) => what === 'step' && id === holder),
      );
      if (!one.point.startsWith('accept')) await this.#send(worker, one);
      await worker.arm(one.point, one.nth);
      const asked = one.point.startsWith('accept') ? this.#send(worker, one) : worker.open(one.name);
      await this.#dies(worker, asked);
      const heir = await this.#worker({ open: [one.name] });
      return async () => this.#results.set(holder, await heir.result(holder));
    },
  };

  #send(worker: WorkerProcess, { plan, name, onObject, story }: ModelCase): Promise<string> {
    if (story === 'publish') return worker.ask({ do: 'publish', plan, key: name });
    const delay = story === 'delay' ? 80 : 0;
    return worker.send(plan, {
      key: name,
      ...(onObject && { object: name }),
      ...(delay > 0 && { delay }),
    });
  }

  async #worker(options: Parameters<Scene['start']>[0] = {}): Promise<WorkerProcess> {
    if (!this.#current || this.#current.exit) this.#current = await this.scene.start(options);
    return this.#current;
  }

  async #suspended(worker: WorkerProcess, id: string): Promise<void> {
    const isSuspended = async (): Promise<boolean> =>
      (await worker.ask<{ status: string }>({ do: 'info', id })).status === 'suspended';
    await until(`${id} is suspended`, isSuspended, PATIENCE_MS);
  }

  async #dies(worker: WorkerProcess, asked: Promise<unknown>): Promise<void> {
    asked.catch(() => undefined);
    await until(`process ${worker.pid} is killed`, () => worker.exit !== undefined, PATIENCE_MS);
    const { exit, log } = worker;
    if (exit?.signal !== 'SIGKILL') throw new Error(`it ended with ${JSON.stringify(exit)}: ${log}`);
  }
}

/** What was brought the first time may have had its effect, down to the end. */
function ignoreOver(error: { failure?: { code?: string } }): void {
  if (error.failure?.code !== 'DURABLE_INVOCATION_OVER') throw error as unknown as Error;
}
