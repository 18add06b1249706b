import type { Clock } from '../ports/clock.js';
import type { Codec, ErrorCodec } from '../ports/codec.js';
import type { LocalScheduler } from '../ports/local-scheduler.js';
import type { LocalWorker } from '../ports/local-worker.js';
import type { Logger } from '../ports/logger.js';
import type { Store } from '../ports/store.js';
import type { Transactions } from '../ports/transactions.js';
import type { Transport } from '../ports/transport.js';
import type { Acceptor } from './acceptor.js';
import type { FaultPoints } from './environment.js';
import type { EventPublisher } from './event-publisher.js';
import type { Messenger } from './messenger.js';
import type { Results } from './results.js';
import type { Writer } from './writer.js';

/** What a client and a worker of one process share. */
export interface Backend {
  /** Name of this process, unique: outcomes are announced to it. */
  readonly origin: string;
  readonly store: Store;
  readonly transport: Transport;
  /** Those of the application, if it shares its connections. */
  readonly transactions: Transactions | undefined;
  readonly writer: Writer;
  readonly acceptor: Acceptor;
  readonly publisher: EventPublisher;
  readonly messenger: Messenger;
  /** Sets the ids that this database gives out apart from those of others. */
  readonly scope: string;
  readonly results: Results;
  readonly codec: Codec;
  readonly errors: ErrorCodec;
  /** Makes the id of an invocation. */
  readonly newId: () => string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The worker of this process, and what starts schedules in it; they come and go. */
  readonly local: { worker: LocalWorker; scheduler: LocalScheduler };
  readonly faults: FaultPoints | undefined;
  /** Whether {@link close} was called: the store answers no more. */
  readonly isClosed: boolean;
  /** Closes everything. Idempotent. */
  close(): Promise<void>;
}
