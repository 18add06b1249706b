export { FAULT_POINTS } from '../runtime/fault-points.js';
export type { FaultPoints } from '../runtime/environment.js';
export { DurableTestingModule, type DurableTestingOptions } from './durable-testing.module.js';
export { DurableTesting } from './durable-testing.js';
export type { AdvanceOptions, TestClock } from './test-clock.js';
export type { Failing, StepBody, StepOf, StepRun, TestSteps } from './test-steps.js';
export type { CrashOptions, CrashReport } from './crash-trial.js';
export { CrashError, NeverSettledError, NotAStepError, NotIdleError } from './errors.js';
export { objectState } from './object-state.js';
