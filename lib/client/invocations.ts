import { ClientClosedError, DurableError, InvocationNotFoundError } from '../errors/index.js';
import { parseDuration } from '../options/duration.js';
import type { StartSignal } from '../options/send-options.js';
import type { Target } from '../ports/handlers.js';
import type { InvocationRecord, Settled } from '../ports/store.js';
import type { Backend } from '../runtime/backend.js';
import { promised } from '../runtime/promised.js';
import { Acceptance, type AcceptanceOptions } from './acceptance.js';
import type { InvocationHandle } from './invocation-handle.js';
import { invocationId } from './invocation-id.js';
import { Messages } from './messages.js';
import { type Acquaintance, Outcomes } from './outcomes.js';
import { toInfo } from './records.js';

/** What an invocation is to be accepted with. */
export interface AcceptOptions extends AcceptanceOptions {
  readonly signal?: StartSignal | undefined;
}

/** The invocations of a backend, for clients of every kind: accepts them, finds them, gives handles of them. */
export class Invocations {
  readonly messages: Messages;
  private readonly acceptance: Acceptance;
  private readonly outcomes: Outcomes;

  constructor(private readonly backend: Backend) {
    this.messages = new Messages(backend);
    this.acceptance = new Acceptance(backend);
    this.outcomes = new Outcomes(backend);
  }

  /**
   * Accepts an invocation; resolves once it is committed, and its signal with it.
   * @throws ObjectKeyError, IdempotencyConflictError, UnserialisableValueError, PayloadTooLargeError,
   *   AcceptTimeoutError, and what a pipe of the handler throws
   */
  async accept<R>(
    target: Target,
    args: readonly unknown[],
    options: AcceptOptions,
  ): Promise<InvocationHandle<R>> {
    const signal = options.signal && this.messages.startSignal(options.signal);
    const accepted = await this.whileOpen(() => this.acceptance.accept(target, args, options));
    const { id, acquaintance, transaction } = accepted;
    if (signal) await this.whileOpen(() => signal(id, transaction));
    return this.handle(id, acquaintance);
  }

  /** A handle of an invocation that may exist. */
  get<R>(id: string): InvocationHandle<R> {
    return this.handle<R>(id, { kind: 'foreign' });
  }

  /** @throws InvocationNotFoundError (DURABLE_INVOCATION_NOT_FOUND) */
  async record(id: string): Promise<InvocationRecord> {
    const record = await this.backend.store.find(invocationId(id));
    if (!record) throw new InvocationNotFoundError(id);
    return record;
  }

  /** Asks the store: what it refuses because it was closed is said to be so. */
  whileOpen<T>(ask: () => Promise<T>): Promise<T> {
    if (this.backend.isClosed) return Promise.reject(new ClientClosedError());
    return promised(ask).catch((error: unknown) => {
      if (this.backend.isClosed && !(error instanceof DurableError)) throw new ClientClosedError();
      throw error;
    });
  }

  private handle<R>(id: string, acquaintance: Acquaintance): InvocationHandle<R> {
    return {
      id,
      result: ({ timeout, signal } = {}) =>
        this.whileOpen(() => {
          const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout, 'result.timeout');
          return this.outcomes.of(invocationId(id), acquaintance, { timeoutMs, signal });
        }).then(settled => this.valueOf(settled) as R),
      status: () => this.whileOpen(async () => toInfo(await this.record(id), this.backend.errors)),
    };
  }

  private valueOf({ status, output, error }: Settled): unknown {
    if (status === 'completed') return this.backend.codec.decode(output as string);
    throw this.backend.errors.decode(error as string);
  }
}
