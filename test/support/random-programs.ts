import { SeededRandom } from '../faults/support/random.js';

/** Durable operations that a random program is made of. */
export type Op =
  | { readonly op: 'step'; readonly name: string; readonly fails: boolean; readonly ms: number }
  | { readonly op: 'sleep'; readonly ms: number }
  | { readonly op: 'call'; readonly name: string; readonly fails: boolean; readonly timeout: boolean }
  | { readonly op: 'send'; readonly name: string }
  | { readonly op: 'awakeable'; readonly name: string; readonly fails: boolean; readonly timeout: boolean }
  | { readonly op: 'signal'; readonly name: string; readonly value: string; readonly timeout: boolean }
  | { readonly op: 'state'; readonly name: string; readonly change: 'set' | 'delete' | 'none' }
  | { readonly op: 'sources' };

/** A random program over durable operations and native promises. */
export type Program = Op | { readonly op: Combinator; readonly parts: readonly Program[] };
export type Combinator = 'seq' | 'all' | 'race' | 'any' | 'settled' | 'branch' | 'loose';

const COMBINATORS: readonly Combinator[] = ['seq', 'all', 'race', 'any', 'settled', 'branch', 'loose'];
const FAILURES = 0.15;

/** Numbers from 0 to 1 that follow from a seed. */
export function random(seed: number): () => number {
  const numbers = new SeededRandom(seed);
  return () => numbers.next();
}

export function generate(next: () => number, depth = 0): Program {
  if (depth > 3 || (depth > 0 && next() < 0.35)) return generateOp(next);
  const op = pick(next, COMBINATORS);
  return { op, parts: Array.from({ length: 2 + Math.floor(next() * 3) }, () => generate(next, depth + 1)) };
}

function generateOp(next: () => number): Op {
  const name = `x${Math.floor(next() * 1e9)}`;
  const fails = next() < FAILURES;
  const timeout = next() < 0.2;
  const kind = next();
  if (kind < 0.35) return { op: 'step', name, fails, ms: Math.floor(next() * 4) };
  if (kind < 0.5) return { op: 'sleep', ms: Math.floor(next() * 8) };
  if (kind < 0.62) return { op: 'call', name, fails, timeout };
  if (kind < 0.68) return { op: 'send', name };
  if (kind < 0.78) return { op: 'awakeable', name, fails, timeout };
  if (kind < 0.88) return { op: 'signal', name: `s${Math.floor(next() * 2)}`, value: name, timeout };
  if (kind < 0.96) {
    return { op: 'state', name: `k${Math.floor(next() * 3)}`, change: pick(next, ['set', 'delete', 'none']) };
  }
  return { op: 'sources' };
}

function pick<T>(next: () => number, from: readonly T[]): T {
  return from[Math.floor(next() * from.length)] as T;
}
