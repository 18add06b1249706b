import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DurableContext, DurableService, Handler, TerminalError } from 'nestjs-durable';
import { Latches } from './latches.js';
import { LedgerWriter } from './ledger.js';
import type { Plan, StepPlan } from './protocol.js';

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
    const { signal } = this.durable;
    signal.addEventListener('abort', () => this.ledger.write({ ...line, phase: 'aborted' }));
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
  }
}

@DurableService()
export class Plans {
  constructor(
    private readonly durable: DurableContext,
    private readonly bodies: StepBodies,
    private readonly ledger: LedgerWriter,
  ) {}

  /** Resolves to the results of the plan's steps. */
  @Handler({ retry: { maxAttempts: 3, initialDelay: 50, jitter: false } })
  async follow(plan: Plan): Promise<string[]> {
    const token = this.ledger.token('handler');
    const line = { what: 'handler', name: 'follow', id: this.durable.invocation.id, token } as const;
    this.ledger.write({ ...line, phase: 'start' });
    const results: string[] = [];
    for (const step of plan.steps) {
      const once = { retry: { maxAttempts: 1 } };
      results.push(await this.durable.run(step.name, () => this.bodies.execute(step, token), once));
    }
    if (this.durable.attempt <= (plan.failedAttempts ?? 0)) throw new Error('this attempt fails');
    this.ledger.write({ ...line, phase: 'end' });
    return results;
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort);
  });
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
