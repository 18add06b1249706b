export { DurableService } from './durable-service.decorator.js';
export { Handler } from './handler.decorator.js';
export { Step, type StepDecorator } from './step.decorator.js';
