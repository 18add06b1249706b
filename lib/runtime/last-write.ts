import { isTerminal } from '../engine/status.js';
import type { Claimed, Transition } from '../ports/store.js';
import { type Ending, transitionOf } from './ending.js';
import type { AttemptEnvironment } from './environment.js';
import type { LeaseWriter } from './lease-writer.js';

/** What an attempt knows as it ends. */
export interface LastWriteFacts {
  readonly claimed: Claimed;
  /** Arrivals that it knows of, and the object that it has for itself. */
  readonly known: { readonly wakes: number; readonly holds: string | null };
  /** Whether something is to be undone before the invocation may fail. */
  readonly hasToUndo: boolean;
}

/**
 * Writes where an attempt takes its invocation. Resolves to what was written, or to `undefined` if nothing was.
 *
 * What the store refuses for itself it would refuse in every attempt to come, and nobody would know: instead the
 * invocation has failed, or is paused, with the error of the store.
 */
export function writeLast(
  ending: Ending,
  facts: LastWriteFacts,
  writes: LeaseWriter,
  env: Pick<AttemptEnvironment, 'errors' | 'logger' | 'store'>,
): Promise<Transition | undefined> {
  const { claimed, known, hasToUndo } = facts;
  const write = (one: Ending, refused: (error: unknown) => LastWrite): Promise<Transition | undefined> => {
    const transition = transitionOf(claimed, one, known);
    return writes.transition(transition).then(isHeld => (isHeld ? transition : undefined), refused);
  };
  const tell = ({ status }: Ending, error: unknown): undefined => {
    const what = `${claimed.service}.${claimed.handler} (invocation ${claimed.lease.invocationId})`;
    env.logger.error(`the store refuses to record that ${what} is ${status}: ${String(error)}`);
  };
  return write(ending, refusal => {
    // The process ends, and the store was away for too long: whoever goes on with it writes the end.
    if (env.store.isTransient(refusal)) return undefined;
    tell(ending, refusal);
    const fails = isTerminal(ending.status) && !hasToUndo;
    const error = env.errors.encode(refusal);
    const instead = { status: fails ? 'failed' : 'paused', error, failedAttempt: fails } as const;
    return write(instead, again => tell(instead, again));
  });
}

type LastWrite = Transition | undefined | Promise<Transition | undefined>;
