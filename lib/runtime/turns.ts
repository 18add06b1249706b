import { runOutside } from './scope.js';

let waiting: (() => void)[] = [];

/**
 * Calls `fn` in the next turn of the event loop, when the microtasks of this one have drained; with it all that others
 * have asked for by then, since a turn for each would cost more than most have to do in it. Whose asynchronous context
 * it is called in is not said.
 */
export function inNextTurn(fn: () => void): void {
  if (waiting.push(fn) === 1) runOutside(() => setImmediate(turn));
}

function turn(): void {
  const due = waiting;
  waiting = [];
  let at = 0;
  try {
    while (at < due.length) due[at++]?.();
  } finally {
    // One that threw ends the process, or is the application's business: not that of the others.
    for (const fn of due.slice(at)) inNextTurn(fn);
  }
}
