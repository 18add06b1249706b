import type { RegisteredClass } from '../codec/class-registry.js';
import type { RegisteredError } from '../codec/error-registry.js';
import { DEFAULT_HANDLER_RETRY, DEFAULT_STEP_RETRY } from '../engine/retry-policy.js';
import { InvalidOptionError } from '../errors/options.errors.js';
import type { Codec } from '../ports/codec.js';
import { duration, durationOrFalse, fields, integer, invalid, join, oneOf, text } from './check.js';
import { type PostgresAddress, resolveEmbedded, resolvePostgres } from './connection-options.js';
import type {
  DurableModuleOptions,
  LimitOptions,
  RetentionOptions,
  WorkerOptions,
} from './durable-options.js';
import { type ResolvedExecution, resolveExecution } from './execution-options.js';
import { type RedisAddress, resolveRedis } from './redis-options.js';

/** Checked options with nothing left open. Frozen; times are milliseconds. */
export interface ResolvedOptions {
  readonly storage: ResolvedStorage;
  readonly redis: RedisAddress | undefined;
  readonly schema: string;
  readonly namespace: string;
  /** `undefined`: this process only dispatches. */
  readonly worker: ResolvedWorker | undefined;
  readonly writers: number;
  readonly steps: ResolvedExecution;
  readonly handlers: ResolvedExecution;
  readonly limits: { readonly payload: number; readonly journal: number };
  /** `undefined`: finished invocations are kept for ever. */
  readonly retentionMs: number | undefined;
  readonly connectTimeoutMs: number;
  readonly classes: readonly RegisteredClass[];
  readonly errors: readonly RegisteredError[];
  /** `undefined`: the default one. */
  readonly codec: Codec | undefined;
}

/** Where the truth is. */
export type ResolvedStorage =
  | { readonly kind: 'postgres'; readonly postgres: PostgresAddress }
  /** `directory: false`: in memory. */
  | { readonly kind: 'embedded'; readonly directory: string | false };

/** How this process executes handlers. */
export interface ResolvedWorker {
  readonly concurrency: number;
  readonly drainMs: number;
  readonly leaseMs: number;
  readonly sweepMs: number;
  /** How long an invocation that only waits stays in memory. */
  readonly residentMs: number;
  readonly onUnjournaledAwait: Reaction;
  readonly maxDeaths: number;
}

/** What happens when a handler awaits what is not durable. */
export type Reaction = NonNullable<WorkerOptions['unjournaledAwait']>;

const KNOWN: Readonly<Record<keyof DurableModuleOptions, true>> = {
  postgres: true,
  redis: true,
  embedded: true,
  schema: true,
  namespace: true,
  worker: true,
  writers: true,
  steps: true,
  handlers: true,
  limits: true,
  retention: true,
  connectTimeout: true,
  classes: true,
  errors: true,
  codec: true,
};
const WORKER: Readonly<Record<keyof WorkerOptions, true>> = {
  concurrency: true,
  drainTimeout: true,
  lease: true,
  sweepInterval: true,
  residency: true,
  unjournaledAwait: true,
  maxDeaths: true,
};
const LIMITS: Readonly<Record<keyof LimitOptions, true>> = { payload: true, journal: true };
const RETENTION: Readonly<Record<keyof RetentionOptions, true>> = { after: true };

const SCHEMA = /^(?!pg_)[a-z_][a-z0-9_]{0,62}$/;
const SCHEMA_RULE = '1 to 63 of a-z, 0-9 and "_", not starting with a digit or "pg_"';
const NAMESPACE = /^[A-Za-z0-9_.-]{1,64}$/;
const NAMESPACE_RULE = '1 to 64 of A-Z, a-z, 0-9, "_", "." and "-"';

const REACTIONS: readonly Reaction[] = ['warn', 'fail', 'ignore'];

const KIB = 1024;
const SECOND = 1_000;
const DAY = 24 * 60 * 60 * SECOND;
const STEP_DEFAULTS: ResolvedExecution = Object.freeze({ retry: DEFAULT_STEP_RETRY, timeoutMs: undefined });
const HANDLER_DEFAULTS: ResolvedExecution = Object.freeze({
  retry: DEFAULT_HANDLER_RETRY,
  timeoutMs: undefined,
});

/**
 * Checks the module's options and fills in what they leave out.
 * @throws InvalidOptionError, InvalidDurationError: names the option, its value without secrets, and what is allowed
 */
export function resolveOptions(options: DurableModuleOptions = {}): ResolvedOptions {
  const given = fields<DurableModuleOptions>(options, '', KNOWN);
  return Object.freeze({
    storage: storage(given),
    redis: redis(given),
    schema: text(given.schema, 'schema', SCHEMA, SCHEMA_RULE, 'durable'),
    namespace: text(given.namespace, 'namespace', NAMESPACE, NAMESPACE_RULE, 'default'),
    worker: worker(given.worker),
    writers: integer(given.writers, 'writers', 1, 64, 1),
    steps: resolveExecution(given.steps, 'steps', STEP_DEFAULTS),
    handlers: resolveExecution(given.handlers, 'handlers', HANDLER_DEFAULTS),
    limits: limits(given.limits),
    retentionMs: retention(given.retention),
    connectTimeoutMs: duration(given.connectTimeout, 'connectTimeout', SECOND, 30 * SECOND),
    classes: list<RegisteredClass>(given.classes, 'classes'),
    errors: list<RegisteredError>(given.errors, 'errors'),
    codec: codec(given),
  });
}

/**
 * The same, of what a factory gave: nothing is a mistake there (`() => { … }` in place of `() => ({ … })`), which
 * would otherwise lead to an embedded database without a word.
 */
export function resolveFactoryOptions(options: DurableModuleOptions | undefined): ResolvedOptions {
  if (options !== undefined) return resolveOptions(options);
  throw invalid(
    'options',
    options,
    'what forRoot() takes: return an object from the factory, {} for the defaults',
  );
}

type Given = Readonly<Partial<Record<keyof DurableModuleOptions, unknown>>>;

function storage({ postgres, embedded }: Given): ResolvedStorage {
  if (postgres === undefined) {
    return Object.freeze({ kind: 'embedded', directory: resolveEmbedded(embedded, 'embedded') });
  }
  if (embedded !== undefined) {
    throw new InvalidOptionError('embedded', 'stands beside postgres', 'one of postgres and embedded');
  }
  return Object.freeze({ kind: 'postgres', postgres: resolvePostgres(postgres, 'postgres') });
}

function redis({ postgres, redis: value }: Given): RedisAddress | undefined {
  if (value === undefined) return undefined;
  if (postgres === undefined) {
    throw new InvalidOptionError(
      'redis',
      'stands without postgres',
      'redis beside postgres: Redis holds no truth',
    );
  }
  return resolveRedis(value, 'redis');
}

function worker(value: unknown): ResolvedWorker | undefined {
  if (value === false) return undefined;
  const isObject = typeof value === 'object' && value !== null;
  if (value !== undefined && value !== true && !isObject) {
    throw invalid('worker', value, `true, false, or an object with ${Object.keys(WORKER).join(', ')}`);
  }
  return resolveWorker(isObject ? value : {}, 'worker');
}

/**
 * Checks how a process is to execute handlers.
 * @throws InvalidOptionError, InvalidDurationError
 */
export function resolveWorker(value: unknown, path: string): ResolvedWorker {
  const given = fields<WorkerOptions>(value, path, WORKER);
  const resolved = {
    concurrency: integer(given.concurrency, join(path, 'concurrency'), 1, 100_000, 100),
    drainMs: duration(given.drainTimeout, join(path, 'drainTimeout'), 0, 20 * SECOND),
    leaseMs: duration(given.lease, join(path, 'lease'), 100, 15 * SECOND),
    sweepMs: duration(given.sweepInterval, join(path, 'sweepInterval'), 10, SECOND),
    residentMs: duration(given.residency, join(path, 'residency'), 0, 5 * SECOND),
    onUnjournaledAwait: oneOf(given.unjournaledAwait, join(path, 'unjournaledAwait'), REACTIONS, reaction()),
    maxDeaths: integer(given.maxDeaths, join(path, 'maxDeaths'), 1, 1_000, 3),
  };
  // Timers of Node end at 2^31-1 ms, and a lease that long would be none.
  if (resolved.leaseMs > DAY) throw invalid(join(path, 'lease'), given.lease, 'from 100 ms to 1 day');
  if (resolved.residentMs > DAY) throw invalid(join(path, 'residency'), given.residency, 'from 0 to 1 day');
  return Object.freeze(resolved);
}

function reaction(): Reaction {
  return process.env.NODE_ENV === 'production' ? 'ignore' : 'warn';
}

function limits(value: unknown): ResolvedOptions['limits'] {
  const given = fields<LimitOptions>(value ?? {}, 'limits', LIMITS);
  return Object.freeze({
    payload: integer(given.payload, 'limits.payload', KIB, 256 * KIB * KIB, KIB * KIB),
    journal: integer(given.journal, 'limits.journal', 10, 1_000_000, 20_000),
  });
}

function retention(value: unknown): number | undefined {
  const given = fields<RetentionOptions>(value ?? {}, 'retention', RETENTION);
  return durationOrFalse(given.after, 'retention.after', 0, 30 * DAY);
}

function list<T>(value: unknown, path: string): readonly T[] {
  if (value === undefined) return Object.freeze([]);
  if (!Array.isArray(value)) throw invalid(path, value, 'a list of classes');
  return Object.freeze([...(value as T[])]);
}

function codec({ codec: value, classes }: Given): Codec | undefined {
  if (value === undefined) return undefined;
  const { encode, decode } = (value ?? {}) as Partial<Record<keyof Codec, unknown>>;
  if (typeof encode !== 'function' || typeof decode !== 'function') {
    throw invalid('codec', value, 'an object with encode(value) and decode(text)');
  }
  if (classes !== undefined) {
    throw new InvalidOptionError(
      'classes',
      'stands beside codec',
      'one of them: classes serves the default codec only',
    );
  }
  return value as Codec;
}
