export { FAULT_POINTS } from '../runtime/fault-points.js';
export type { FaultPoints } from '../runtime/environment.js';
