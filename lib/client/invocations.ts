import { validate as isUuid } from 'uuid';
import { ClientClosedError, DurableError, InvocationNotFoundError } from '../errors/index.js';
import { parseDuration } from '../options/duration.js';
import type { ResolvedSendOptions } from '../options/send-options.js';
import type { InvocationRecord, Settled } from '../ports/store.js';
import type { Backend } from '../runtime/backend.js';
import { Acceptance } from './acceptance.js';
import type { InvocationHandle } from './invocation-handle.js';
import { type Acquaintance, Outcomes } from './outcomes.js';
import { toInfo } from './records.js';
import type { Target } from './target.js';

/** The invocations of a backend, for clients of every kind: accepts them, finds them, gives handles of them. */
export class Invocations {
  private readonly acceptance: Acceptance;
  private readonly outcomes: Outcomes;

  constructor(private readonly backend: Backend) {
    this.acceptance = new Acceptance(backend);
    this.outcomes = new Outcomes(backend);
  }

  /**
   * Accepts an invocation; resolves once it is committed.
   * @throws IdempotencyConflictError, UnserialisableValueError, PayloadTooLargeError, AcceptTimeoutError, and what
   *   a pipe of the handler throws
   */
  async accept<R>(
    target: Target,
    args: readonly unknown[],
    options: ResolvedSendOptions,
  ): Promise<InvocationHandle<R>> {
    const { id, acquaintance } = await this.whileOpen(() => this.acceptance.accept(target, args, options));
    return this.handle(id, acquaintance);
  }

  /** A handle of an invocation that may exist. */
  get<R>(id: string): InvocationHandle<R> {
    return this.handle<R>(id, { kind: 'foreign' });
  }

  /** @throws InvocationNotFoundError (DURABLE_INVOCATION_NOT_FOUND) */
  async record(id: string): Promise<InvocationRecord> {
    const record = isUuid(id) ? await this.backend.store.find(id) : undefined;
    if (!record) throw new InvocationNotFoundError(id);
    return record;
  }

  /** Asks the store: what it refuses because it was closed is said to be so. */
  async whileOpen<T>(ask: () => Promise<T>): Promise<T> {
    if (this.backend.isClosed) throw new ClientClosedError();
    try {
      return await ask();
    } catch (error) {
      if (this.backend.isClosed && !(error instanceof DurableError)) throw new ClientClosedError();
      throw error;
    }
  }

  private handle<R>(id: string, acquaintance: Acquaintance): InvocationHandle<R> {
    return {
      id,
      result: async ({ timeout, signal } = {}) => {
        const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout, 'result.timeout');
        const settled = await this.whileOpen(() => this.outcomes.of(id, acquaintance, { timeoutMs, signal }));
        return this.valueOf(settled) as R;
      },
      status: () => this.whileOpen(async () => toInfo(await this.record(id), this.backend.errors)),
    };
  }

  private valueOf({ status, output, error }: Settled): unknown {
    if (status === 'completed') return this.backend.codec.decode(output as string);
    throw this.backend.errors.decode(error as string);
  }
}
