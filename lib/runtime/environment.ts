import type { Clock } from '../ports/clock.js';
import type { Codec, ErrorCodec } from '../ports/codec.js';
import type { Events } from '../ports/events.js';
import type { Logger } from '../ports/logger.js';
import type { Targets } from '../ports/operations.js';
import type { StepCalls } from '../ports/steps.js';
import type { EntryRef, Store } from '../ports/store.js';
import type { Transactions } from '../ports/transactions.js';
import type { Acceptor } from './acceptor.js';
import type { Batched } from './batched.js';
import type { EventPublisher } from './event-publisher.js';
import type { Messenger } from './messenger.js';
import type { StepBodies } from './step-bodies.js';
import type { Writer } from './writer.js';

/** What attempts share within a worker. */
export interface AttemptEnvironment {
  /** Sets the ids that this database gives out apart from those of others. */
  readonly scope: string;
  readonly store: Store;
  readonly writer: Writer;
  readonly acceptor: Acceptor;
  readonly messenger: Messenger;
  /** Asks for the time that is left until open entries are due. */
  readonly timers: Batched<EntryRef, number>;
  readonly codec: Codec;
  readonly errors: ErrorCodec;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly steps: StepCalls;
  readonly bodies: StepBodies;
  readonly targets: Targets;
  /** `undefined`: the application's connections are not known. */
  readonly transactions?: Transactions | undefined;
  readonly events: Events;
  readonly publisher: EventPublisher;
  /** How long an attempt that only waits keeps its memory before it lets go, in milliseconds. */
  readonly residentMs: number;
  /** How many durable operations an invocation may call. */
  readonly longestJournal: number;
  /** What happens when a handler awaits what is not durable. */
  readonly onUnjournaledAwait: 'warn' | 'fail' | 'ignore';
  /** Reached before and after the body of a step is run; a test may crash the process there. */
  readonly faults?: FaultPoints | undefined;
}

/** Calls a named point of the path: `step:before`, `commit:outcome:after` … */
export type FaultPoints = (point: string) => void | Promise<void>;
