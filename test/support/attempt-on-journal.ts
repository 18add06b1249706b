import {
  DEFAULT_HANDLER_RETRY,
  DEFAULT_STEP_RETRY,
  type RetryPolicy,
} from '../../lib/engine/retry-policy.js';
import { ErrorRegistry, JsonCodec, RecordErrorCodec } from '../../lib/codec/index.js';
import type { Clock } from '../../lib/ports/clock.js';
import type { HandlerKind } from '../../lib/ports/handlers.js';
import { NO_WORKER } from '../../lib/ports/local-worker.js';
import type { Events } from '../../lib/ports/events.js';
import type { ChildCall, Targets } from '../../lib/ports/operations.js';
import type { StepCalls } from '../../lib/ports/steps.js';
import type { Batch, Store } from '../../lib/ports/store.js';
import type { Transport } from '../../lib/ports/transport.js';
import { Acceptor } from '../../lib/runtime/acceptor.js';
import { Attempt, type AttemptEnd } from '../../lib/runtime/attempt.js';
import type { AttemptScope } from '../../lib/runtime/attempt-scope.js';
import { Batched } from '../../lib/runtime/batched.js';
import type { AttemptEnvironment } from '../../lib/runtime/environment.js';
import { EventPublisher } from '../../lib/runtime/event-publisher.js';
import { Messenger } from '../../lib/runtime/messenger.js';
import { StepBodies } from '../../lib/runtime/step-bodies.js';
import { systemClock } from '../../lib/runtime/system-clock.js';
import { Writer } from '../../lib/runtime/writer.js';
import type { JournalOfOne } from './journal-store.js';
import { RecordingLogger } from './recording-logger.js';

const ID = '01890000-0000-7000-8000-000000000001';
const codec = new JsonCodec();
const errors = new RecordErrorCodec(new ErrorRegistry(), codec);

/** A call of another handler. */
export const CHILD: ChildCall = {
  target: { service: 'Child', handler: 'run', kind: 'service' },
  args: [],
  key: undefined,
  idempotencyKey: undefined,
  delayMs: 0,
  deadline: undefined,
  at: undefined,
};

/** Steps as tests write them. */
export type TestStep = (name: string, body: () => unknown, retry?: Partial<RetryPolicy>) => Promise<unknown>;

export interface AttemptOnJournal {
  readonly attempt: Attempt;
  readonly done: Promise<AttemptEnd>;
  readonly logger: RecordingLogger;
}

export interface AttemptSettings {
  readonly deaths?: number;
  readonly timeoutMs?: number;
  readonly retry?: Partial<RetryPolicy>;
  readonly residentMs?: number;
  readonly kind?: HandlerKind;
  readonly onUnjournaledAwait?: 'warn' | 'fail' | 'ignore';
  readonly longestJournal?: number;
  readonly clock?: Clock;
  /** It dies at its n-th commit: nothing of that is applied, and nothing after it. */
  readonly crashAt?: number;
}

/** Starts an attempt of one invocation on what its journal has. */
export function startAttempt(
  store: JournalOfOne,
  body: (step: TestStep, scope: AttemptScope) => Promise<unknown>,
  settings: AttemptSettings = {},
): AttemptOnJournal {
  const logger = new RecordingLogger();
  const { epoch, journal } = store.claim();
  const claimed = {
    lease: { invocationId: ID, epoch },
    service: 'Test',
    handler: 'run',
    input: '[]',
    origin: 'test',
    failedAttempts: 0,
    deaths: settings.deaths ?? 0,
    wakes: store.wakes,
    parent: null,
    object: settings.kind ? { id: ID, key: 'k' } : null,
    seed: null,
    entered: settings.kind === 'exclusive',
    createdAt: new Date(0),
  };
  const definition = {
    service: 'Test',
    handler: 'run',
    kind: settings.kind ?? ('service' as const),
    retry: { ...DEFAULT_HANDLER_RETRY, ...settings.retry },
    timeoutMs: settings.timeoutMs,
    invoke: (): Promise<unknown> => body(step, attempt.scope),
  };
  const restored = { journal, inbox: store.inbox(), state: new Map(store.state) };
  const attempt: Attempt = new Attempt(claimed, restored, definition, environment(store, settings, logger));
  const step: TestStep = (name, run, retry = {}) =>
    attempt.scope.step({
      name,
      retry: { ...DEFAULT_STEP_RETRY, initialDelayMs: 0, ...retry },
      timeoutMs: undefined,
      run: async () => run(),
    });
  store.onArrival = () => attempt.receive(store.inbox());
  const { crashAt } = settings;
  if (crashAt !== undefined) {
    store.commits = 0;
    store.beforeCommit = commit => {
      if (commit < crashAt) return;
      attempt.lose();
      store.epoch++;
    };
  }
  const done = new Promise<AttemptEnd>(resolve => (attempt.onEnd = resolve));
  attempt.start();
  return { attempt, done, logger };
}

/** What an attempt needs of a worker; the journal stands for the store. */
export function environment(
  journal: JournalOfOne,
  {
    residentMs = 5_000,
    onUnjournaledAwait = 'fail',
    longestJournal = 20_000,
    clock = systemClock,
  }: AttemptSettings,
  logger: RecordingLogger,
): AttemptEnvironment {
  const store = {
    commit: async (batch: Batch) => journal.commit(batch),
    subscribers: async () => [],
    cancel: async () => undefined,
    isTransient: () => false,
  } as unknown as Store;
  const transport = { ready: () => undefined, due: () => undefined } as unknown as Transport;
  const local = { worker: NO_WORKER };
  const writer = new Writer(store, { lanes: 1, acceptTimeoutMs: 1_000 }, systemClock, logger);
  const acceptor = new Acceptor({
    origin: 'test',
    store,
    writer,
    transport,
    codec,
    clock: systemClock,
    local,
  });
  return {
    scope: 'test',
    store,
    writer,
    acceptor,
    publisher: new EventPublisher({ store, acceptor, codec }),
    messenger: new Messenger({ store, transport, local, logger }),
    timers: new Batched(entries => journal.remaining(entries)),
    ...{ codec, errors, clock, logger, residentMs, onUnjournaledAwait, longestJournal },
    bodies: new StepBodies(60_000, logger),
    steps: {} as StepCalls,
    targets: {} as Targets,
    events: {} as Events,
  };
}

/** What a transition ended with, decoded. */
export function endOf(end: AttemptEnd): { status: string; value: unknown } | undefined {
  if (!end) return undefined;
  const value = end.output === null ? end.error && errors.decode(end.error) : codec.decode(end.output);
  return { status: end.status, value };
}
