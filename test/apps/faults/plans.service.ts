import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import {
  DurableContext,
  DurableEvent,
  DurableService,
  Handler,
  ObjectState,
  OnDurableEvent,
  TerminalError,
  VirtualObject,
  WaitTimeoutError,
} from 'nestjs-durable';
import { Latches } from './latches.js';
import { LedgerWriter } from './ledger.js';
import type { Act, Plan, StepPlan } from './protocol.js';

@DurableEvent('plan.made')
export class PlanMade {
  constructor(readonly plan: Plan) {}
}

/** Bodies of steps. Each execution is witnessed, and gives a result that no other execution gives. */
@Injectable()
export class StepBodies {
  constructor(
    private readonly durable: DurableContext,
    private readonly latches: Latches,
    private readonly ledger: LedgerWriter,
  ) {}

  async execute(plan: StepPlan, within: string): Promise<string> {
    const token = this.ledger.token(plan.name);
    const line = { what: 'step', name: plan.name, id: this.durable.invocation.id, token, within } as const;
    this.ledger.write({ ...line, phase: 'start' });
    const { abortSignal: signal } = this.durable;
    signal.addEventListener('abort', () => this.ledger.write({ ...line, phase: 'aborted' }));
    if (plan.gives !== undefined)
      this.ledger.write({ what: 'awakeable', phase: 'start', name: plan.gives, id: line.id });
    await this.act(plan, signal);
    this.ledger.write({ ...line, phase: 'end' });
    return token;
  }

  private async act(plan: StepPlan, signal: AbortSignal): Promise<void> {
    if (plan.ms !== undefined) await sleep(plan.ms);
    if (plan.hold !== undefined) await Promise.race([this.latches.wait(plan.hold), aborted(signal)]);
    if (plan.needs !== undefined && !this.latches.isOpen(plan.needs))
      throw new TerminalError(`${plan.name} needs ${plan.needs}`);
    if (plan.unless !== undefined && this.latches.isOpen(plan.unless)) return;
    if (plan.blockMs !== undefined) block(plan.blockMs);
    if (plan.blockUntil !== undefined) while (!existsSync(plan.blockUntil)) block(20);
    if (plan.dies === 'exit') process.exit(1);
    if (plan.dies === 'kill') process.kill(process.pid, 'SIGKILL');
    if (plan.dies === 'heap') fillHeap();
  }
}

/** Follows plans, in whatever handler. */
@Injectable()
export class Follower {
  constructor(
    private readonly durable: DurableContext,
    private readonly state: ObjectState<{ log: string[] }>,
    private readonly bodies: StepBodies,
    private readonly ledger: LedgerWriter,
  ) {}

  /** Resolves to the results of the steps that it has run. */
  async follow(plan: Plan): Promise<string[]> {
    const token = this.ledger.token('handler');
    const line = { what: 'handler', name: 'follow', id: this.durable.invocation.id, token } as const;
    this.ledger.write({ ...line, phase: 'start' });
    const results: string[] = [];
    const run = async (step: StepPlan): Promise<void> => {
      const once = { retry: { maxAttempts: 1 } };
      if (step.undone === true) {
        const name = `undo ${step.name}`;
        this.durable.compensate(name, () => this.bodies.execute({ name }, token));
      }
      results.push(await this.durable.run(step.name, () => this.bodies.execute(step, token), once));
    };
    for (const step of plan.steps) {
      const came = step.first && (await this.act(step.first, step.name, run));
      await run(came === undefined ? step : { ...step, name: `${step.name} ${came}` });
    }
    if (this.durable.attempt <= (plan.failedAttempts ?? 0)) throw new Error('this attempt fails');
    if (plan.fails === true) throw new TerminalError('it is to fail');
    this.ledger.write({ ...line, phase: 'end' });
    return results;
  }

  /** What came of it. */
  private async act(act: Act, name: string, run: (step: StepPlan) => Promise<void>): Promise<string> {
    if ('sleep' in act) return this.sleep(act.sleep, name);
    if ('signal' in act) return this.signalled(act.signal, act.within);
    if ('append' in act) {
      const log = await this.state.update('log', (before = []) => [...before, act.append]);
      return `at ${log.length}`;
    }
    if ('awakeable' in act) {
      const { id, promise } = this.durable.awakeable<string>();
      await run({ name: 'asks', gives: id });
      return promise;
    }
    if ('fails' in act) {
      return this.durable
        .call(Plans)
        .follow(act.fails)
        .then(
          () => 'done',
          () => 'undone',
        );
    }
    if ('call' in act) return `of ${(await this.call(act)).length}`;
    if ('attach' in act)
      return `of ${(await (await this.durable.send(Plans).follow(act.attach)).result()).length}`;
    if ('publish' in act) {
      await this.durable.publish(new PlanMade(act.publish));
      return 'published';
    }
    const { send, key, delay } = act;
    const options = { ...(delay !== undefined && { delay }) };
    if (key === undefined) await this.durable.send(Plans, options).follow(send);
    else await this.durable.send(ObjectPlans, { ...options, key }).follow(send);
    return 'sent';
  }

  private async sleep(ms: number, name: string): Promise<string> {
    const line = { what: 'timer', name, id: this.durable.invocation.id, ms } as const;
    this.ledger.write({ ...line, phase: 'start' });
    await this.durable.sleep(ms);
    this.ledger.write({ ...line, phase: 'end' });
    return 'slept';
  }

  private call({ call, key }: Extract<Act, { readonly call: Plan }>): Promise<string[]> {
    if (key === undefined) return this.durable.call(Plans).follow(call);
    return this.durable.call(ObjectPlans, { key }).follow(call);
  }

  /** The next signal, for which it does not wait longer than it may. */
  private async signalled(name: string, within: number | undefined): Promise<string> {
    if (within === undefined) return this.durable.signal<string>(name);
    try {
      return await this.durable.signal<string>(name, { timeout: within });
    } catch (error) {
      if (!(error instanceof WaitTimeoutError)) throw error;
      return this.durable.signal<string>(name);
    }
  }
}

@DurableService()
export class Plans {
  constructor(private readonly follower: Follower) {}

  /** Resolves to the results of the plan's steps. */
  @Handler({ retry: { maxAttempts: 3, initialDelay: 50, jitter: false } })
  follow(plan: Plan): Promise<string[]> {
    return this.follower.follow(plan);
  }

  /** As well, with retries that are far apart. */
  @Handler({ retry: { maxAttempts: 3, initialDelay: '10m', maxDelay: '1h' } })
  followPatiently(plan: Plan): Promise<string[]> {
    return this.follower.follow(plan);
  }
}

/** One plan at a time for each key. */
@VirtualObject()
export class ObjectPlans {
  constructor(private readonly follower: Follower) {}

  @Handler({ retry: { maxAttempts: 3, initialDelay: 50, jitter: false } })
  follow(plan: Plan): Promise<string[]> {
    return this.follower.follow(plan);
  }
}

/** Follow plans that are published. */
@DurableService()
export class Listeners {
  constructor(private readonly follower: Follower) {}

  @OnDurableEvent(PlanMade)
  named({ plan }: PlanMade): Promise<string[]> {
    return this.follower.follow(heardBy(plan, 'by name'));
  }

  @OnDurableEvent((event: Partial<PlanMade>) => event.plan !== undefined)
  routed({ plan }: PlanMade): Promise<string[]> {
    return this.follower.follow(heardBy(plan, 'by predicate'));
  }
}

function heardBy({ steps }: Plan, how: string): Plan {
  return { steps: steps.map(step => ({ ...step, name: `${step.name} ${how}` })) };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
  });
}

/** Until there is no more of it. */
function fillHeap(): never {
  // Of numbers that are no small integers: soon large, and nothing for the collector to look into.
  for (const all: number[][] = []; ;) all.push(new Array<number>(1_000_000).fill(0.5));
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
