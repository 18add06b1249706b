export { DurableEvent } from './durable-event.decorator.js';
export { DurableService } from './durable-service.decorator.js';
export { Handler, Shared } from './handler.decorator.js';
export type { EventClass, EventInfo, EventPredicate } from './metadata.js';
export { OnDurableEvent, type EventSelector } from './on-durable-event.decorator.js';
export { Schedule } from './schedule.decorator.js';
export { Step, type StepDecorator } from './step.decorator.js';
export { VirtualObject } from './virtual-object.decorator.js';
