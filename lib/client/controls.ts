import {
  CancelledError,
  InvocationNotFoundError,
  InvocationNotPausedError,
  InvocationOverError,
  KilledError,
  NothingToSkipError,
  PausedError,
} from '../errors/index.js';
import type { Controlled } from '../ports/store.js';
import type { Backend } from '../runtime/backend.js';
import { invocationId } from './invocation-id.js';

const MOST_TRIES = 5;
const PAUSE_MS = 50;

/** Orders to invocations, whoever drives them. */
export class Controls {
  constructor(private readonly backend: Backend) {}

  async cancel(given: string): Promise<void> {
    const { store, errors } = this.backend;
    await this.order(given, 'cancellation', id =>
      store.cancel(id, one => errors.encode(new CancelledError(one))),
    );
  }

  async kill(given: string): Promise<void> {
    const { store, errors } = this.backend;
    await this.order(given, 'kill', id => store.kill(id, one => errors.encode(new KilledError(one))));
  }

  async pause(given: string): Promise<void> {
    const { store, errors } = this.backend;
    await this.order(given, 'pause', id => store.pause(id, errors.encode(new PausedError(id))));
  }

  async resume(given: string): Promise<void> {
    const result = await this.order(given, 'resumption', id => this.backend.store.resume(id));
    if (result === 'refused') throw new InvocationNotPausedError(invocationId(given));
  }

  async skipCompensation(given: string): Promise<void> {
    const { store, codec } = this.backend;
    const result = await this.order(given, 'skipped compensation', id =>
      store.skipCompensation(id, codec.encode('skipped')),
    );
    if (result === 'refused') throw new NothingToSkipError(invocationId(given));
  }

  private async order(
    given: string,
    what: string,
    give: (id: string) => Promise<Controlled>,
  ): Promise<Controlled['result']> {
    const id = invocationId(given);
    const controlled = await this.patiently(() => give(id));
    if (controlled.result === 'not_found') throw new InvocationNotFoundError(id);
    if (controlled.result === 'over') throw new InvocationOverError(id, what);
    this.backend.messenger.controlled(controlled);
    this.backend.results.announce(controlled.ended.map(ended => ended.id));
    return controlled.result;
  }

  /** What met others on the same rows is tried again: it has changed nothing. */
  private async patiently<T>(give: () => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await give();
      } catch (error) {
        if (tries === MOST_TRIES || !this.backend.store.isTransient(error)) throw error;
        await new Promise<void>(resolve => this.backend.clock.after(tries * PAUSE_MS, resolve));
      }
    }
  }
}
