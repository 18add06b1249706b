/** Where an invocation stands. */
export type InvocationStatus =
  'scheduled' | 'running' | 'suspended' | 'backing_off' | 'paused' | 'completed' | 'failed' | 'cancelled';

/** Statuses that never change again, unless an operator asks for it. */
export type TerminalStatus = 'completed' | 'failed' | 'cancelled';

const TERMINAL: Readonly<Record<InvocationStatus, boolean>> = {
  scheduled: false,
  running: false,
  suspended: false,
  backing_off: false,
  paused: false,
  completed: true,
  failed: true,
  cancelled: true,
};

/** All statuses, in the order of an invocation's life. */
export const STATUSES = Object.keys(TERMINAL) as readonly InvocationStatus[];

/** Whether a status is final. */
export function isTerminal(status: InvocationStatus): status is TerminalStatus {
  return TERMINAL[status];
}
