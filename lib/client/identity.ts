import { v5, v7 } from 'uuid';

/** Namespace of ids that are derived from idempotency keys. Never changes: it would forget all keys. */
const KEYED = '6f1d3f0e-8a34-5d0c-9b57-1d6e3c0f7a21';

/** A fresh id; ids sort by the time of their making. */
export function freshId(): string {
  return v7();
}

/**
 * The id that an idempotency key stands for: the same key of the same handler always gives the same one, so that
 * the primary key of the invocation is what makes it unique.
 */
export function keyedId(service: string, handler: string, key: string): string {
  // Names hold no NUL, so no two triples are written alike.
  return v5(`${service}\0${handler}\0${key}`, KEYED);
}
