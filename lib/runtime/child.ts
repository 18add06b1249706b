import { childId, keyedId, objectRef } from '../codec/identity.js';
import type { ChildCall } from '../ports/operations.js';
import type { Lease } from '../ports/store.js';
import type { Asked } from './acceptor.js';

/** What the journal and the errors call a child. */
export function childName({ target, key }: ChildCall): string {
  const name = `${target.service}.${target.handler}`;
  return key === undefined ? name : `${name} ${JSON.stringify(key)}`;
}

/**
 * The invocation that a call or send of a handler asks for. Its id follows from the parent's and the entry, or from
 * the idempotency key: a replay asks for the same one.
 *
 * @param index entry that waits for its outcome, or of the send; `awaited`: which of the two
 */
export function askedBy(
  lease: Lease,
  index: number,
  awaited: boolean,
  { target, key, idempotencyKey, id, delayMs, at, deadline }: ChildCall,
  input: string,
): Asked {
  const { service, handler, kind } = target;
  const derived = (): string =>
    idempotencyKey === undefined
      ? childId(lease.invocationId, index)
      : keyedId(service, handler, idempotencyKey, key);
  return {
    id: id ?? derived(),
    service,
    handler,
    input,
    delayMs,
    at: at ?? null,
    deadline: deadline ?? null,
    parent: { lease, index: awaited ? index : null },
    object: key === undefined ? null : objectRef(service, key),
    exclusive: kind === 'exclusive',
  };
}
