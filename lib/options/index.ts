export type { EmbeddedOptions, PostgresAddress, PostgresOptions } from './connection-options.js';
export type { CompensateOptions } from './compensate-options.js';
export type {
  DurableServiceOptions,
  HandlerOptions,
  InlineStepOptions,
  StepOptions,
  VirtualObjectOptions,
} from './decorator-options.js';
export type {
  DurableModuleOptions,
  LimitOptions,
  RetentionOptions,
  WorkerOptions,
} from './durable-options.js';
export type { Duration } from './duration.js';
export type { OnDurableEventOptions, PublishOptions } from './event-options.js';
export type { ExecutionOptions } from './execution-options.js';
export type { ListOptions } from './list-options.js';
export type {
  NatMap,
  RedisAddress,
  RedisClusterOptions,
  RedisLike,
  RedisNode,
  RedisOptions,
} from './redis-options.js';
export type { RetryOptions } from './retry-options.js';
export type {
  CreateScheduleOptions,
  ScheduleOptions,
  ScheduleRules,
  ScheduleTiming,
} from './schedule-options.js';
export type {
  CallOptions,
  ClientCallOptions,
  ClientSendOptions,
  SendOptions,
  StartSignal,
} from './send-options.js';
export type { RestartOptions } from './restart-options.js';
export type { SignalOptions } from './signal-options.js';
export type { WaitOptions } from './wait-options.js';
