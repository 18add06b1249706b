export {
  embeddedDriver,
  type EmbeddedDriver,
  type EmbeddedDriverOptions,
} from './adapters/embedded/embedded-driver.js';
export { DurableModule } from './durable.module.js';
export type { DurableModuleAsyncOptions, DurableOptionsFactory } from './durable.module-definition.js';
export {
  DurableEvent,
  DurableService,
  Handler,
  OnDurableEvent,
  Schedule,
  Shared,
  Step,
  VirtualObject,
  type EventClass,
  type EventInfo,
  type EventPredicate,
  type EventSelector,
  type StepDecorator,
} from './decorators/index.js';
export type { Awakeable, ChildHandle, ChildSends } from './context/child-handle.js';
export { DurableContext } from './context/durable-context.js';
export type { Published } from './ports/events.js';
export { DurableLogger } from './context/durable-logger.js';
export { ObjectState, type StateName } from './context/object-state.js';
export { DurableClient, type InvocationPage } from './client/durable-client.js';
export type {
  InvocationHandle,
  InvocationInfo,
  JournalRecord,
  ResultOptions,
} from './client/invocation-handle.js';
export type { ObjectStateEditor } from './client/object-state-editor.js';
export type { EventData } from './client/event-data.js';
export type { CreatesSchedule, ScheduleClient, ScheduleInfo } from './client/schedules.js';
export type { Calls, Sends, ServiceClass } from './client/typed-calls.js';
export { DURABLE_CONTEXT_TYPE, DurableExecutionContext } from './execution/durable-execution-context.js';
export type { Backoff, ErrorClass } from './engine/retry-policy.js';
export type { CatchUp, Overlap } from './engine/schedule.js';
export type { InvocationStatus } from './engine/status.js';
export type { InvocationView, StepView } from './ports/attempt-view.js';
export type { RegisteredClass } from './codec/class-registry.js';
export type { RegisteredError } from './codec/error-registry.js';
export type { Codec } from './ports/codec.js';
export type * from './options/index.js';
export * from './errors/index.js';
