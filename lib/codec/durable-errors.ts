import * as errors from '../errors/index.js';
import type { DurableError } from '../errors/index.js';

type Exports = typeof errors;

/** Names of all concrete errors of this package. */
export type DurableErrorName = {
  [K in keyof Exports]: Exports[K] extends new (...args: never) => DurableError ? K : never;
}[keyof Exports];

/** What every error has and is stored without being listed. */
type Common = keyof DurableError | 'details' | 'errors';

/**
 * What each error of ours carries, and is stored with it. A new class or a new field does not compile until it
 * stands here.
 */
const FIELDS: { readonly [K in DurableErrorName]: Fields<Exclude<keyof InstanceType<Exports[K]>, Common>> } =
  {
    AcceptTimeoutError: { invocationId: true },
    AttemptLostError: { invocationId: true },
    AwakeableCompletedError: { id: true },
    AwakeableNotFoundError: { id: true },
    CallInTransactionError: { what: true },
    CancelledError: { invocationId: true },
    ClientClosedError: {},
    CompensatedError: { invocationId: true },
    CompensationFailedError: { invocationId: true, compensation: true },
    CorruptValueError: { path: true, reason: true },
    DeadlineExceededError: { invocationId: true },
    DeadlockError: { call: true },
    DirectoryInUseError: { directory: true, pid: true, since: true },
    DirectoryLostError: { directory: true },
    DuplicateNameError: { kind: true, duplicate: true, first: true, second: true },
    EntryNotFoundError: { invocationId: true, index: true },
    DuplicateScheduleError: { schedule: true, first: true, second: true },
    EmbeddedOpenError: { directory: true },
    IdempotencyConflictError: { key: true, invocationId: true },
    InsideStepError: { what: true, step: true },
    InvalidDecoratorError: { decorator: true, target: true, reason: true },
    InvalidDurationError: { option: true, problem: true, allowed: true },
    InvalidEventError: { event: true },
    InvalidNameError: { kind: true, shown: true, rule: true, where: true },
    InvalidOptionError: { option: true, problem: true, allowed: true },
    InvalidPatternError: { shown: true },
    InvalidScheduleError: { option: true, problem: true, allowed: true },
    InvocationNotFailedError: { invocationId: true, status: true },
    InvocationNotPausedError: { invocationId: true },
    InvocationNotFoundError: { invocationId: true },
    InvocationNotOverError: { invocationId: true, status: true },
    InvocationOverError: { invocationId: true, what: true },
    JournalMismatchError: { invocationId: true, index: true, recorded: true, called: true },
    JournalTooLongError: { invocationId: true, limit: true },
    KilledError: { invocationId: true },
    MissingPackageError: { package: true, option: true, command: true },
    NestedTransactionError: { step: true, within: true },
    NoInvocationError: { what: true },
    NoObjectError: { what: true, handler: true },
    NonErrorThrownError: { thrown: true, shown: true },
    NotAHandlerError: { className: true, method: true, known: true },
    NothingToSkipError: { invocationId: true },
    NotRegisteredError: { className: true, reason: true },
    ObjectBusyError: { service: true, key: true },
    ObjectKeyError: { service: true, reason: true, remedy: true },
    PausedError: { invocationId: true },
    PayloadTooLargeError: { bytes: true, limit: true, what: true, option: true },
    PoisonError: { invocationId: true, deaths: true, step: true },
    ResultTimeoutError: { invocationId: true, timeoutMs: true },
    RetryableError: { retryAfterMs: true },
    SchemaTooNewError: { schema: true, migrations: true },
    ScheduleDeclaredError: { schedule: true },
    ScheduleNotFoundError: { schedule: true },
    ServerNotBoundError: { reason: true },
    SharedStateError: { what: true, handler: true },
    StoreUnavailableError: { host: true, port: true, database: true, attempts: true },
    SurplusArgumentsError: { method: true, declared: true, given: true },
    TerminalError: {},
    TimeoutError: { what: true, timeoutMs: true },
    TransactionBrokenError: { step: true, reason: true, remedy: true },
    TransactionUnavailableError: { what: true },
    TransportClosedError: {},
    UnknownEventError: { shown: true },
    UnknownHandlerError: { service: true, handler: true, known: true },
    UnjournaledAwaitError: { handler: true, operation: true },
    UnserialisableValueError: { path: true, reason: true },
    WaitTimeoutError: { what: true, timeoutMs: true },
    WorkerStoppedError: {},
    UnusableEnhancerError: { enhancer: true, method: true, reason: true },
  };

type Fields<K extends PropertyKey> = { readonly [F in K]: true };

/** All errors of this package with the fields that are stored, parents before subclasses. */
export const DURABLE_ERRORS = (Object.keys(FIELDS) as DurableErrorName[]).map(name => ({
  Class: errors[name],
  fields: Object.keys(FIELDS[name]),
}));
