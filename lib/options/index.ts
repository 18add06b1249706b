export type {
  EmbeddedOptions,
  PostgresAddress,
  PostgresOptions,
  RedisAddress,
  RedisLike,
  RedisOptions,
} from './connection-options.js';
export type { DurableServiceOptions, HandlerOptions, StepOptions } from './decorator-options.js';
export type {
  DurableModuleOptions,
  LimitOptions,
  RetentionOptions,
  WorkerOptions,
} from './durable-options.js';
export { type Duration, type DurationUnit, parseDuration } from './duration.js';
export type { ExecutionOptions, ResolvedExecution } from './execution-options.js';
export { type ResolvedOptions, resolveOptions } from './resolve-options.js';
export type { RetryOptions } from './retry-options.js';
export { resolveSendOptions, type SendOptions } from './send-options.js';
