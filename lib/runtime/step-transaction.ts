import type { Outcome } from '../engine/entry.js';
import { TransactionUnavailableError } from '../errors/index.js';
import type { EntryWrite } from '../ports/store.js';
import type { StepCall } from '../ports/steps.js';
import type { TransactionEnd, TransactionRules, Transactions } from '../ports/transactions.js';
import type { AttemptKit } from './kit.js';

/** How a try of a step ended: with an outcome, encoded, or with what it threw. */
export type TryResult = { readonly outcome: Outcome; readonly value: string } | { readonly error: unknown };

/** A try, as its step makes it. */
export interface TryParts {
  readonly index: number;
  isStopped(): boolean;
  /** Resolves when it is stopped: its locks and its connection are not kept until the body has noticed. */
  readonly stopped: Promise<undefined>;
  /** Runs the body once. */
  body(): Promise<TryResult>;
  /** The entry of a result. Called when it is about to be committed. */
  entry(value: string): EntryWrite;
}

/** Runs that meet another transaction before that counts as a failed try. */
const MAX_CONFLICTS = 10;
const FIRST_DELAY_MS = 5;
const LAST_DELAY_MS = 500;
/** How long to wait before a transaction is begun again that could not be. */
const AWAY_MS = 500;
/** More than the time of a try: the server need not be as punctual. */
const SLACK_MS = 1_000;

/**
 * Tries a step in a transaction. One that met another is run again at once; what became of a commit whose answer was lost
 * is asked for before anything else. `undefined`: the attempt is over, or does not want the outcome.
 */
export async function tryInTransaction(
  rules: TransactionRules,
  call: StepCall,
  kit: AttemptKit,
  parts: TryParts,
): Promise<TryResult | undefined> {
  const { transactions } = kit.env;
  if (!transactions) return { error: new TransactionUnavailableError(`The step ${call.name}`) };
  const one = new TransactionalStep(transactions, rules, call, kit, parts);
  let result: TryResult | 'again' | undefined = 'again';
  while (result === 'again') result = await one.run();
  return result;
}

class TransactionalStep {
  private conflicts = 0;

  constructor(
    private readonly transactions: Transactions,
    private readonly rules: TransactionRules,
    private readonly call: StepCall,
    private readonly kit: AttemptKit,
    private readonly parts: TryParts,
  ) {}

  async run(): Promise<TryResult | 'again' | undefined> {
    if (this.parts.isStopped()) return undefined;
    const { timeoutMs, name } = this.call;
    let value = '';
    const end = await this.transactions.run({
      ...this.rules,
      name,
      idleMs: timeoutMs === undefined ? undefined : timeoutMs + SLACK_MS,
      reach: this.kit.env.faults,
      body: async () => {
        if (this.parts.isStopped()) return undefined;
        const result = await Promise.race([this.parts.body(), this.parts.stopped]);
        if (!result || this.parts.isStopped()) return undefined;
        if ('error' in result) throw result.error;
        return this.parts.entry((value = result.value));
      },
    });
    return end.kind === 'committed' ? { outcome: 'ok', value } : this.after(end);
  }

  private async after(end: TransactionEnd): Promise<TryResult | 'again' | undefined> {
    switch (end.kind) {
      case 'failed':
        return { error: end.error };
      case 'conflict':
        if (++this.conflicts > MAX_CONFLICTS) return { error: end.error };
        return this.again(delayAfter(this.conflicts));
      case 'away':
        this.say(`cannot begin its transaction yet: ${String(end.error)}`);
        return this.again(AWAY_MS);
      case 'unknown':
        return this.recorded();
      case 'fenced':
        this.kit.writes.lose();
        return undefined;
      default:
        return undefined;
    }
  }

  /** The answer to the commit was lost. */
  private async recorded(): Promise<TryResult | 'again' | undefined> {
    this.say('lost the answer to its commit, and asks what became of it');
    const { lease } = this.kit.writes;
    const ask = () => this.transactions.recorded(lease, this.parts.index);
    const recorded = await this.kit.patiently(ask, () => this.parts.isStopped());
    if (recorded === 'open') return 'again';
    if (recorded !== 'fenced') return recorded;
    this.kit.writes.lose();
    return undefined;
  }

  private async again(ms: number): Promise<'again'> {
    await new Promise<void>(resolve => this.kit.env.clock.after(ms, resolve));
    return 'again';
  }

  private say(what: string): void {
    this.kit.env.logger.warn(`step ${this.call.name} of ${this.kit.writes.lease.invocationId} ${what}`);
  }
}

/** Spread, so that two that met do not meet again. */
function delayAfter(conflicts: number): number {
  const delay = Math.min(FIRST_DELAY_MS * 2 ** (conflicts - 1), LAST_DELAY_MS);
  return delay * (0.5 + Math.random() / 2);
}
