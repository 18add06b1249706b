import type { DurableClient } from 'nestjs-durable';
import { heapInUse } from '../../support/heap.js';
import type { FaultSwitch } from './fault-switch.js';
import type { Latches } from './latches.js';
import { ObjectPlans, PlanMade, Plans } from './plans.service.js';
import { ProgramObjects, Programs } from './programs.service.js';
import type { Command, Failure, Plan, RegisterCall } from './protocol.js';
import { Registers } from './registers.js';
import { skewClock } from './skewed-clock.js';

const UNFINISHED = ['scheduled', 'running', 'suspended', 'backing_off'] as const;

/** Does what the parent asks for. */
export class Commands {
  constructor(
    private readonly client: DurableClient,
    private readonly latches: Latches,
    private readonly faults: FaultSwitch,
    private readonly again: () => Promise<void>,
  ) {}

  async run(command: Command): Promise<unknown> {
    switch (command.do) {
      case 'send':
      case 'call':
        return this.accept(command);
      case 'result':
        return this.client.get(command.id).result();
      case 'info':
        return this.client.get(command.id).status();
      case 'unfinished':
        return this.unfinished();
      case 'journal':
        return this.client.journal(command.id);
      case 'retry':
        return this.client.retry(command.id);
      case 'cancel':
      case 'kill':
      case 'pause':
      case 'resume':
        return this.client[command.do](command.id);
      case 'restart':
        return (await this.client.restart(command.id)).id;
      case 'signal':
        return this.client.signal(
          command.id,
          command.name,
          command.value,
          command.key === undefined ? {} : { idempotencyKey: command.key },
        );
      case 'publish':
        return this.publish(command.plan, command.key);
      case 'complete':
        return this.client.resolveAwakeable(command.awakeable, command.value);
      case 'program':
        return this.start(command);
      case 'log':
        return this.client.state<{ log: string[] }>(ObjectPlans, command.object).get('log');
      case 'append':
        return (await this.client.send(Registers, { key: command.object }).append(command.value)).id;
      case 'register':
        return this.register(command.object, command.key, command.call);
      case 'schedule': {
        const { name, everyMs: every } = command;
        const options = { name, every, overlap: 'allow', catchUp: 'all' } as const;
        return this.client.schedules.create(Plans, options).follow(command.plan);
      }
      case 'unschedule':
        return this.client.schedules.delete(command.name);
      case 'heap':
        return heapInUse();
      case 'jump':
        return skewClock(command.skewMs);
      case 'open':
        return this.latches.open(command.latch);
      case 'arm':
        return this.faults.arm(command.fault);
      case 'proceed':
        return this.faults.release();
      case 'again':
        return this.again();
    }
  }

  private async unfinished(): Promise<string[]> {
    const pages = await Promise.all(UNFINISHED.map(status => this.client.list({ status })));
    return pages.flatMap(({ items }) => items.map(({ id }) => id));
  }

  private async publish(plan: Plan, id: string): Promise<string | undefined> {
    const { invocations } = await this.client.publish(new PlanMade(plan), { id });
    const infos = await Promise.all(invocations.map(each => this.client.get(each).status()));
    return infos.find(({ handler }) => handler === 'named')?.id;
  }

  private async start({ name, routine }: Command & { do: 'program' }): Promise<string> {
    const { key } = routine;
    const options = { idempotencyKey: name };
    const sent =
      key === undefined
        ? this.client.send(Programs, options).follow(name, routine)
        : this.client.send(ProgramObjects, { ...options, key }).follow(name, routine);
    return (await sent).id;
  }

  private register(key: string, idempotencyKey: string, call: RegisterCall): Promise<unknown> {
    const register = this.client.call(Registers, { key, idempotencyKey });
    if (call.op === 'read') return register.read();
    if (call.op === 'cas') return register.cas(call.from, call.to);
    return call.op === 'write' ? register.write(call.value) : register.append(call.value);
  }

  private async accept({
    do: verb,
    plan,
    key,
    delay,
    deadline,
    object,
    patient,
  }: Command & { do: 'send' | 'call' }): Promise<unknown> {
    const options = {
      ...(key !== undefined && { idempotencyKey: key }),
      ...(delay !== undefined && { delay }),
      ...(deadline !== undefined && { deadline }),
    };
    if (object !== undefined) {
      const followed = await this.client.send(ObjectPlans, { ...options, key: object }).follow(plan);
      return verb === 'call' ? followed.result() : followed.id;
    }
    if (patient === true) return (await this.client.send(Plans, options).followPatiently(plan)).id;
    if (verb === 'call') return this.client.call(Plans, options).follow(plan);
    return (await this.client.send(Plans, options).follow(plan)).id;
  }
}

/** What was thrown, as the parent gets it. */
export function failureOf(error: unknown): Failure {
  const { name, message, code, step } = error as Failure;
  return { name, message, ...(code !== undefined && { code }), ...(step !== undefined && { step }) };
}
