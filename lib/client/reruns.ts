import { freshId } from '../codec/identity.js';
import { type InvocationStatus, isTerminal } from '../engine/status.js';
import {
  CompensatedError,
  EntryNotFoundError,
  InvocationNotFailedError,
  InvocationNotFoundError,
  InvocationNotOverError,
} from '../errors/index.js';
import { resolveRestartOptions, type RestartOptions } from '../options/restart-options.js';
import type { Backend } from '../runtime/backend.js';
import type { Invocations } from './invocations.js';

/** Runs again what has ended: the same invocation, or a new one from its journal. */
export class Reruns {
  constructor(
    private readonly backend: Backend,
    private readonly invocations: Invocations,
  ) {}

  async retry(id: string): Promise<void> {
    const { service } = await this.invocations.record(id);
    const result = await this.backend.store.retry(id);
    if (result === 'not_found') throw new InvocationNotFoundError(id);
    if (result === 'compensated') throw new CompensatedError(id);
    if (result === 'not_failed') {
      const status = await this.statusOf(id);
      // It has failed since.
      if (status === 'failed') return this.retry(id);
      throw new InvocationNotFailedError(id, status);
    }
    this.backend.transport.ready([{ id, service }]);
  }

  /** @returns the id of the new invocation */
  async restart(id: string, options: RestartOptions | undefined): Promise<string> {
    const { from } = resolveRestartOptions(options);
    const { store, transport, origin } = this.backend;
    // First: what is no id is none that the store could look for.
    await this.invocations.record(id);
    const newId = freshId();
    const restarted = await store.restart({ id, newId, from, origin });
    if (restarted.result === 'ok') {
      transport.ready([{ id: newId, service: restarted.service }]);
      return newId;
    }
    if (restarted.result === 'not_found') throw new InvocationNotFoundError(id);
    if (restarted.result === 'no_entry') throw new EntryNotFoundError(id, from);
    const status = await this.statusOf(id);
    // It is over since.
    if (isTerminal(status)) return this.restart(id, options);
    throw new InvocationNotOverError(id, status);
  }

  /** As it is after an order was refused, which may be another one than before. */
  private async statusOf(id: string): Promise<InvocationStatus> {
    return (await this.invocations.record(id)).status;
  }
}
