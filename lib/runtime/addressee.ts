import type { HandlerDefinition } from '../ports/handlers.js';
import type { Claimed, Store } from '../ports/store.js';

/** Whether the handler is addressed as it was when the invocation was accepted. */
export function fits({ object }: Claimed, { kind }: HandlerDefinition): boolean {
  return kind === 'service' || object !== null;
}

/** Whether it is its turn: an exclusive invocation that was delayed, or retried, queues for its object now. */
export async function enters(
  { lease, object, entered }: Claimed,
  definition: HandlerDefinition | undefined,
  store: Pick<Store, 'enter'>,
): Promise<boolean> {
  if (definition?.kind !== 'exclusive' || object === null || entered) return true;
  return (await store.enter(lease)) === 'ok';
}
