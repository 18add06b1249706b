import type { Clock } from '../ports/clock.js';
import type { Codec, ErrorCodec } from '../ports/codec.js';
import type { LocalWorker } from '../ports/local-worker.js';
import type { Logger } from '../ports/logger.js';
import type { Store } from '../ports/store.js';
import type { Transport } from '../ports/transport.js';
import type { FaultPoints } from './environment.js';
import type { Results } from './results.js';
import type { Writer } from './writer.js';

/** What a client and a worker of one process share. */
export interface Backend {
  /** Name of this process, unique: outcomes are announced to it. */
  readonly origin: string;
  readonly store: Store;
  readonly transport: Transport;
  readonly writer: Writer;
  readonly results: Results;
  readonly codec: Codec;
  readonly errors: ErrorCodec;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The worker of this process; it comes and goes. */
  readonly local: { worker: LocalWorker };
  readonly faults: FaultPoints | undefined;
  /** Whether {@link close} was called: the store answers no more. */
  readonly isClosed: boolean;
  /** Closes everything. Idempotent. */
  close(): Promise<void>;
}
