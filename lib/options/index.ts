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
export type { Duration } from './duration.js';
export type { ExecutionOptions } from './execution-options.js';
export type { ListOptions } from './list-options.js';
export type { RetryOptions } from './retry-options.js';
export type { SendOptions } from './send-options.js';
