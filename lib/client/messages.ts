import { parseAwakeableId } from '../codec/awakeable-id.js';
import { freshId, keyedSignalId, startSignalId } from '../codec/identity.js';
import {
  AwakeableCompletedError,
  AwakeableNotFoundError,
  InvocationNotFoundError,
  InvocationOverError,
  TerminalError,
} from '../errors/index.js';
import { invalid } from '../options/check.js';
import { assertName } from '../options/names.js';
import type { StartSignal } from '../options/send-options.js';
import { resolveSignalOptions, type SignalOptions } from '../options/signal-options.js';
import type { Arrival, ArrivalResult } from '../ports/store.js';
import type { OpenTransaction } from '../ports/transactions.js';
import type { Backend } from '../runtime/backend.js';
import { invocationId } from './invocation-id.js';

type Completion = Pick<Extract<Arrival, { kind: 'completion' }>, 'outcome' | 'value'>;

/** What clients bring to invocations under way: signals, and completions of awakeables. */
export class Messages {
  constructor(private readonly backend: Backend) {}

  async signal(id: string, name: string, value: unknown, options: SignalOptions | undefined): Promise<void> {
    assertName('signal', name, 'signal()');
    const { idempotencyKey } = resolveSignalOptions(options);
    const target = invocationId(id);
    const text = this.backend.codec.encode(value);
    const signalId = idempotencyKey === undefined ? freshId() : keyedSignalId(target, name, idempotencyKey);
    const result = await this.send(signalId, target, name, text);
    if (result === 'over') throw new InvocationOverError(target, `signal ${name}`);
  }

  /** The signal that invocations are accepted with, encoded before anything is written. */
  startSignal({
    name,
    value,
  }: StartSignal): (target: string, transaction?: OpenTransaction) => Promise<void> {
    const text = this.backend.codec.encode(value);
    // One that is over did not wait for it, or had it the first time: what it is sent for is its result.
    return async (target, transaction) =>
      void (await this.send(startSignalId(target, name), target, name, text, transaction));
  }

  resolve(id: string, value: unknown): Promise<void> {
    return this.complete(id, () => ({ outcome: 'ok', value: this.backend.codec.encode(value) }));
  }

  reject(id: string, reason: Error | string): Promise<void> {
    return this.complete(id, () => {
      const error: unknown = typeof reason === 'string' ? new TerminalError(reason) : reason;
      if (!(error instanceof Error)) throw invalid('rejectAwakeable(): reason', reason, 'an Error or a text');
      return { outcome: 'error', value: this.backend.errors.encode(error) };
    });
  }

  private async complete(id: string, completion: () => Completion): Promise<void> {
    const { entry, token } = parseAwakeableId(this.backend.scope, id);
    const arrival: Arrival = { kind: 'completion', entry, token, ...completion() };
    const result = await this.backend.writer.arrive(arrival);
    if (result === 'duplicate') throw new AwakeableCompletedError(id);
    if (result === 'over') throw new InvocationOverError(entry.invocationId, 'completion of its awakeable');
    if (result === 'not_found')
      throw new AwakeableNotFoundError(
        id,
        'there is none with this id, or its invocation is not kept any more',
      );
  }

  private async send(
    id: string,
    target: string,
    name: string,
    value: string,
    transaction?: OpenTransaction,
  ): Promise<'ok' | 'over'> {
    const arrival: Arrival = { kind: 'signal', id, invocationId: target, name, value };
    const result = transaction
      ? await this.arriveIn(transaction, arrival)
      : await this.backend.writer.arrive(arrival);
    if (result === 'not_found') throw new InvocationNotFoundError(target);
    // A duplicate has arrived, which is all that was asked for.
    return result === 'over' ? 'over' : 'ok';
  }

  /** Where the invocation is that it comes to. */
  private async arriveIn(transaction: OpenTransaction, arrival: Arrival): Promise<ArrivalResult> {
    const batch = { accepts: [], entries: [], transitions: [], arrivals: [arrival] };
    const { arrivals, news } = await transaction.write(batch);
    transaction.afterCommit(() => this.backend.messenger.deliver(news));
    return arrivals[0] ?? 'not_found';
  }
}
