import type { HandlerOptions, DurableServiceOptions, StepOptions } from '../options/decorator-options.js';

/** Where decorators leave what they record. `Symbol.for`, so that both builds of the package agree. */
export const SERVICE_METADATA = Symbol.for('nestjs-durable.service');
export const HANDLER_METADATA = Symbol.for('nestjs-durable.handler');
export const STEP_METADATA = Symbol.for('nestjs-durable.step');

/** Key under which Nest's context creators find the parameters of a handler or a step. */
export const ARGUMENTS_METADATA = '__nestjsDurableArguments__';

export type ServiceMetadata = DurableServiceOptions;
export type HandlerMetadata = HandlerOptions;
export type StepMetadata = StepOptions;
