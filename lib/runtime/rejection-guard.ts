import type { Logger } from '../ports/logger.js';
import { currentScope } from './scope.js';

type Listener = (reason: unknown) => void;

/** Marks our own among the listeners of the process, of both builds of the package. */
const OURS = Symbol.for('nestjs-durable.rejection-guard');

/**
 * Keeps a rejection that a handler or a step leaves to nobody from ending the process, and with it the invocations
 * of others: it is logged with its invocation. Every other rejection does what it would do without us.
 *
 * @returns takes the guard away
 */
export function guardRejections(logger: Logger): () => void {
  const listener: Listener = reason => {
    // Node runs the listener in the async context in which the promise was rejected.
    const scope = currentScope();
    if (!scope) return raise(reason);
    const { id, service, handler } = scope.attempt.invocation;
    const where = `${service}.${handler}${scope.step ? ` (step ${scope.step.name})` : ''}, invocation ${id}`;
    logger.error(`a rejected promise of ${where} is awaited by nobody: ${shown(reason)}`);
  };
  Object.defineProperty(listener, OURS, { value: true });
  process.on('unhandledRejection', listener);
  return () => void process.off('unhandledRejection', listener);
}

/** Where nobody else listens, Node would make it an uncaught exception. */
function raise(reason: unknown): void {
  const isForeign = (listener: unknown): boolean => !(listener as { [OURS]?: true })[OURS];
  if (process.listeners('unhandledRejection').some(isForeign)) return;
  throw reason instanceof Error ? reason : new Error(`a promise was rejected with ${shown(reason)}`);
}

function shown(reason: unknown): string {
  try {
    return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  } catch {
    return 'something that has no text';
  }
}
