export { DurableModule } from './durable.module.js';
export type { DurableModuleAsyncOptions, DurableOptionsFactory } from './durable.module-definition.js';
export { DurableService, Handler, Step, type StepDecorator } from './decorators/index.js';
export { DurableContext } from './context/durable-context.js';
export { DurableClient, type InvocationPage } from './client/durable-client.js';
export type {
  InvocationHandle,
  InvocationInfo,
  JournalRecord,
  ResultOptions,
} from './client/invocation-handle.js';
export type { Calls, Sends, ServiceClass } from './client/typed-calls.js';
export { DURABLE_CONTEXT_TYPE, DurableExecutionContext } from './execution/durable-execution-context.js';
export type { Backoff, ErrorClass } from './engine/retry-policy.js';
export type { InvocationStatus } from './engine/status.js';
export type { InvocationView, StepView } from './ports/attempt-view.js';
export type { RegisteredClass } from './codec/class-registry.js';
export type { RegisteredError } from './codec/error-registry.js';
export type { Codec } from './ports/codec.js';
export type * from './options/index.js';
export * from './errors/index.js';
