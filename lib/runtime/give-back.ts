import type { Handlers } from '../ports/handlers.js';
import type { Logger } from '../ports/logger.js';
import type { Claimed } from '../ports/store.js';
import type { Announcer } from './announcer.js';
import { transitionOf } from './ending.js';
import type { Writer } from './writer.js';

/** How long an invocation waits whose handler this worker does not have. */
const UNKNOWN_HANDLER_PAUSE_MS = 10_000;

export interface GiveBackParts {
  readonly handlers: Handlers;
  readonly writer: Writer;
  readonly announcer: Announcer;
  readonly logger: Logger;
}

/** Gives back what was leased to a worker that does not drive it. */
export class GiveBack {
  constructor(private readonly parts: GiveBackParts) {}

  /** It is due in so many milliseconds, for whoever comes first. */
  due(claimed: Claimed, dueInMs: number): void {
    const { writer, announcer, logger } = this.parts;
    const transition = transitionOf(claimed, { status: 'scheduled', dueInMs });
    const announce = (result: string): unknown => result === 'fenced' || announcer.ended(claimed, transition);
    writer
      .transition(transition)
      .then(announce)
      .catch((error: unknown) => logger.warn(String(error)));
  }

  /** Another version of the application may have the handler, or another application the service. */
  unknown(claimed: Claimed): void {
    const { handlers, logger } = this.parts;
    const { lease, service, handler } = claimed;
    if (!handlers.services.includes(service)) return this.due(claimed, 0);
    logger.warn(
      `${service} has no handler ${handler} in this application: invocation ${lease.invocationId} waits for a worker that has it`,
    );
    this.due(claimed, UNKNOWN_HANDLER_PAUSE_MS);
  }
}
