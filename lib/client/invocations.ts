import { validate as isUuid } from 'uuid';
import { InvocationNotFoundError } from '../errors/index.js';
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
    const { id, wait, isKnown } = await this.acceptance.accept(target, args, options);
    if (wait) return this.handle(id, { kind: 'driven', wait });
    return this.handle(id, { kind: isKnown ? 'foreign' : 'own' });
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

  private handle<R>(id: string, acquaintance: Acquaintance): InvocationHandle<R> {
    return {
      id,
      result: async ({ timeout, signal } = {}) => {
        const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout, 'result.timeout');
        return this.valueOf(await this.outcomes.of(id, acquaintance, { timeoutMs, signal })) as R;
      },
      status: async () => toInfo(await this.record(id), this.backend.errors),
    };
  }

  private valueOf({ status, output, error }: Settled): unknown {
    if (status === 'completed') return this.backend.codec.decode(output as string);
    throw this.backend.errors.decode(error as string);
  }
}
