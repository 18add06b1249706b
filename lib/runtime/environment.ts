import type { Clock } from '../ports/clock.js';
import type { Codec, ErrorCodec } from '../ports/codec.js';
import type { Logger } from '../ports/logger.js';
import type { StepCalls } from '../ports/steps.js';
import type { Writer } from './writer.js';

/** What attempts share within a worker. */
export interface AttemptEnvironment {
  readonly writer: Writer;
  readonly codec: Codec;
  readonly errors: ErrorCodec;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly steps: StepCalls;
  /** Reached before and after the body of a step is run; a test may crash the process there. */
  readonly faults?: FaultPoints | undefined;
}

/** Calls a named point of the path: `step:before`, `commit:outcome:after` … */
export type FaultPoints = (point: string) => void | Promise<void>;
