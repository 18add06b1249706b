import { InvocationNotFoundError, TerminalError } from '../errors/index.js';
import { ArrivalExecution } from './arrival-execution.js';
import type { Ready } from './deliveries.js';

/** Waits for the outcome of an invocation that exists already. */
export class AttachExecution extends ArrivalExecution {
  protected async begin(): Promise<Ready | 'over' | undefined> {
    const { writes, env } = this.kit;
    const target = this.signature.name;
    const { invocationId } = writes.lease;
    if (target === invocationId) return this.failed(new TerminalError(`${invocationId} cannot await itself`));
    if (!this.place.open && !(await writes.entry(this.opening()))) return 'over';
    const entry = { invocationId, index: this.place.index };
    const stopped = (): boolean => this.stopped;
    // Once more after a crash: it changes nothing that is there.
    const attached = await this.kit.patiently(() => env.store.attach(entry, target), stopped);
    if (attached === 'not_found') return this.failed(new InvocationNotFoundError(target));
    if (attached === 'over') {
      const news = await this.kit.patiently(() => env.store.answer([target]), stopped);
      if (news) env.messenger.deliver(news);
    }
    return undefined;
  }
}
