import {
  DEFAULT_HANDLER_RETRY,
  DEFAULT_STEP_RETRY,
  type RetryPolicy,
} from '../../lib/engine/retry-policy.js';
import { ErrorRegistry, JsonCodec, RecordErrorCodec } from '../../lib/codec/index.js';
import type { StepCalls } from '../../lib/ports/steps.js';
import type { Store } from '../../lib/ports/store.js';
import { Attempt, type AttemptEnd } from '../../lib/runtime/attempt.js';
import { systemClock } from '../../lib/runtime/system-clock.js';
import { Writer } from '../../lib/runtime/writer.js';
import type { JournalOfOne } from './journal-store.js';
import { RecordingLogger } from './recording-logger.js';

const ID = '01890000-0000-7000-8000-000000000001';
const codec = new JsonCodec();
const errors = new RecordErrorCodec(new ErrorRegistry(), codec);

/** Steps as tests write them. */
export type TestStep = (name: string, body: () => unknown, retry?: Partial<RetryPolicy>) => Promise<unknown>;

export interface AttemptOnJournal {
  readonly attempt: Attempt;
  readonly done: Promise<AttemptEnd>;
  readonly logger: RecordingLogger;
}

/** Starts an attempt of one invocation on what its journal has. */
export function startAttempt(
  store: JournalOfOne,
  body: (step: TestStep, attempt: Attempt) => Promise<unknown>,
  options: { deaths?: number; timeoutMs?: number; retry?: Partial<RetryPolicy> } = {},
): AttemptOnJournal {
  const logger = new RecordingLogger();
  const port = { commit: async (batch: never) => store.commit(batch), isTransient: () => false };
  const writer = new Writer(
    port as unknown as Store,
    { lanes: 1, acceptTimeoutMs: 1_000 },
    systemClock,
    logger,
  );
  const { epoch, journal } = store.claim();
  const claimed = {
    lease: { invocationId: ID, epoch },
    service: 'Test',
    handler: 'run',
    input: '[]',
    origin: 'test',
    failedAttempts: 0,
    deaths: options.deaths ?? 0,
    createdAt: new Date(0),
  };
  const definition = {
    service: 'Test',
    handler: 'run',
    retry: { ...DEFAULT_HANDLER_RETRY, ...options.retry },
    timeoutMs: options.timeoutMs,
    invoke: (): Promise<unknown> => body(step, attempt),
  };
  const steps = {} as StepCalls;
  const env = { writer, codec, errors, clock: systemClock, logger, steps };
  const attempt: Attempt = new Attempt(claimed, journal, definition, env);
  const step: TestStep = (name, run, retry = {}) =>
    attempt.step({
      name,
      retry: { ...DEFAULT_STEP_RETRY, initialDelayMs: 0, ...retry },
      timeoutMs: undefined,
      run: async () => run(),
    });
  attempt.start();
  return { attempt, done: attempt.done, logger };
}

/** What a transition ended with, decoded. */
export function endOf(end: AttemptEnd): { status: string; value: unknown } | undefined {
  if (!end) return undefined;
  const value = end.output === null ? end.error && errors.decode(end.error) : codec.decode(end.output);
  return { status: end.status, value };
}
