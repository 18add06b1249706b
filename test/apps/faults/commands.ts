import type { DurableClient } from 'nestjs-durable';
import type { FaultSwitch } from './fault-switch.js';
import type { Latches } from './latches.js';
import { Plans } from './plans.service.js';
import type { Command, Failure } from './protocol.js';

/** Does what the parent asks for. */
export class Commands {
  constructor(
    private readonly client: DurableClient,
    private readonly latches: Latches,
    private readonly faults: FaultSwitch,
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
      case 'journal':
        return this.client.journal(command.id);
      case 'retry':
        return this.client.retry(command.id);
      case 'open':
        return this.latches.open(command.latch);
      case 'arm':
        return this.faults.arm(command.fault);
      case 'proceed':
        return this.faults.release();
    }
  }

  private async accept({ do: verb, plan, key, delay }: Command & { do: 'send' | 'call' }): Promise<unknown> {
    const options = {
      ...(key !== undefined && { idempotencyKey: key }),
      ...(delay !== undefined && { delay }),
    };
    if (verb === 'call') return this.client.call(Plans, options).follow(plan);
    return (await this.client.send(Plans, options).follow(plan)).id;
  }
}

/** What was thrown, as the parent gets it. */
export function failureOf(error: unknown): Failure {
  const { name, message, code, step } = error as Failure;
  return { name, message, ...(code !== undefined && { code }), ...(step !== undefined && { step }) };
}
