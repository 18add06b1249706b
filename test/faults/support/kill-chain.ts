import type { WorkerOptions } from '../../../lib/index.js';
import type { Plan } from '../../apps/faults/protocol.js';
import { until } from '../../support/until.js';
import type { KillCase, Story } from './kill-cases.js';
import { PATIENCE_MS, Scene, type Setting } from './scene.js';
import type { Trial } from './trial.js';
import type { WorkerProcess } from './worker-process.js';

/** What was executed of an invocation. */
export interface Witnessed {
  readonly executions: readonly number[];
  readonly attempts: number;
}

const STEPS = ['one', 'two', 'three'] as const;
const PLAN: Plan = { steps: STEPS.map(name => ({ name })) };
/** One process at a time: nobody takes what it has, unless it is dead. */
const WORKER: WorkerOptions = { lease: '1s', sweepInterval: '100ms', drainTimeout: '30s' };
/** So that what is announced is claimed for that reason. */
const WITHOUT_SWEEP: WorkerOptions = { ...WORKER, sweepInterval: '10m' };

/** Goes through cases one after the other, on one database: each process finishes what the one before it left. */
export class KillChain {
  readonly #verdicts = new Map<string, Promise<Witnessed>>();
  readonly #results = new Map<string, readonly string[]>();
  #current: WorkerProcess | undefined;

  private constructor(
    private readonly scene: Scene,
    cases: readonly KillCase[],
  ) {
    let before: Promise<unknown> = Promise.resolve();
    for (const one of cases) {
      const verdict = before.then(() => this.#go(one));
      this.#verdicts.set(one.name, verdict);
      before = verdict.catch(() => this.#current?.kill());
    }
  }

  static async start(setting: Setting, cases: readonly KillCase[], trial: Trial): Promise<KillChain> {
    return new KillChain(await Scene.open(setting, { worker: WORKER, trial }), cases);
  }

  /** What was executed in a case, when its invocation is over. */
  witnessed({ name }: KillCase): Promise<Witnessed> | undefined {
    return this.#verdicts.get(name);
  }

  /** Ends the last process; what is not as it must be then. */
  async conclude(): Promise<string[]> {
    await Promise.allSettled(this.#verdicts.values());
    return this.scene.conclude({ accepted: [...this.#results.keys()], results: this.#results });
  }

  close(): Promise<void> {
    return this.scene.close();
  }

  async #go(one: KillCase): Promise<Witnessed> {
    const plan = await this.#stories[one.story](one);
    const worker = await this.#worker();
    const id = await worker.send(plan, { key: one.name });
    this.#results.set(id, await worker.result(id));
    const { ledger } = this.scene;
    return {
      executions: STEPS.map(name => ledger.executions(id, name)),
      attempts: ledger.begun('handler', id).length,
    };
  }

  readonly #stories: Record<Story, (one: KillCase) => Promise<Plan>> = {
    call: async ({ point, nth, name }) => {
      const worker = await this.#worker();
      await worker.arm(point, nth);
      await this.#dies(worker, worker.call(PLAN, name), 'never');
      return PLAN;
    },
    claim: async ({ point, nth, name }) => {
      await this.#current?.shutDown();
      const worker = await this.#worker({ worker: WITHOUT_SWEEP });
      await worker.arm(point, nth);
      await this.#dies(worker, worker.send(PLAN, { key: name, delay: 50 }));
      return PLAN;
    },
    sweep: async ({ point, nth, name }) => {
      const worker = await this.#worker();
      await worker.arm('accept:after', 1);
      // Long enough that it is dead by then, and cannot have claimed it itself.
      await this.#dies(worker, worker.send(PLAN, { key: name, delay: 300 }), 'never');
      await this.#diesAtBirth(point, nth);
      return PLAN;
    },
    reap: async ({ point, nth, name }) => {
      const plan: Plan = { steps: [{ name: 'one', hold: name }, ...PLAN.steps.slice(1)] };
      const worker = await this.#worker();
      await this.#inStep(await worker.send(plan, { key: name }), 'one');
      await worker.kill();
      await this.#diesAtBirth(point, nth);
      await this.#worker({ open: [name] });
      return plan;
    },
    release: async ({ point, nth, name }) => {
      // It hears that it is to end while it is in the second step.
      const [one, two, three] = PLAN.steps;
      const plan = { steps: [one, { ...two, ms: 1_000 }, three] } as Plan;
      const worker = await this.#worker();
      await worker.arm(point, nth);
      await this.#inStep(await worker.send(plan, { key: name }), 'two');
      worker.terminate();
      await this.#dies(worker, Promise.resolve());
      return plan;
    },
    backing_off: async ({ point, nth, name }) => {
      const plan: Plan = { ...PLAN, failedAttempts: 1 };
      const worker = await this.#worker();
      await worker.arm(point, nth);
      await this.#dies(worker, worker.call(plan, name), 'never');
      return plan;
    },
    retry: async ({ point, nth, name }) => {
      const plan: Plan = { steps: [...PLAN.steps.slice(0, 2), { name: 'three', needs: name }] };
      const worker = await this.#worker();
      const id = await worker.send(plan, { key: name });
      await worker.result(id).catch(() => undefined);
      await worker.arm(point, nth);
      await this.#dies(worker, worker.ask({ do: 'retry', id }), 'never');
      const next = await this.#worker({ open: [name] });
      if (point === 'retry:before') await next.ask({ do: 'retry', id });
      return plan;
    },
  };

  /** The process that lives, or a new one. */
  async #worker(options: Parameters<Scene['start']>[0] = {}): Promise<WorkerProcess> {
    if (!this.#current || this.#current.exit) this.#current = await this.scene.start(options);
    return this.#current;
  }

  async #inStep(id: string, step: string): Promise<void> {
    await until(
      `step ${step} of ${id} is executed`,
      () => this.scene.ledger.executions(id, step) > 0,
      PATIENCE_MS,
    );
  }

  /** A new process is killed at a point of its own. */
  async #diesAtBirth(point: string, nth: number): Promise<void> {
    const starting = this.scene.start({ fault: { point, nth, action: 'kill' } });
    const worker = this.scene.workers.at(-1) as WorkerProcess;
    await this.#dies(worker, starting);
  }

  /** The process is killed, and by nothing else; whether what was asked of it may have been answered before. */
  async #dies(
    worker: WorkerProcess,
    asked: Promise<unknown>,
    answered: 'perhaps' | 'never' = 'perhaps',
  ): Promise<void> {
    const answer = asked.then(
      value => JSON.stringify(value),
      () => undefined,
    );
    await until(`process ${worker.pid} is killed`, () => worker.exit !== undefined, PATIENCE_MS);
    const { exit, log } = worker;
    if (exit?.signal !== 'SIGKILL') throw new Error(`it ended with ${JSON.stringify(exit)}: ${log}`);
    const given = await answer;
    if (answered === 'never' && given !== undefined)
      throw new Error(`it answered ${given} before its commit`);
  }
}
