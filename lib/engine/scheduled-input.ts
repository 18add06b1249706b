/** The slot of a schedule that an invocation was started for. */
export interface ScheduledSlot {
  /** Name of the schedule. */
  readonly schedule: string;
  /** Milliseconds since 1970. */
  readonly scheduledFor: number;
}

/** What an invocation is accepted with. */
export interface InvocationInput {
  readonly args: readonly unknown[];
  readonly slot?: ScheduledSlot;
}

interface Written extends ScheduledSlot {
  readonly args: readonly unknown[];
}

/**
 * The input of an invocation that a schedule starts, as it is encoded: the slot stands beside the arguments, so that
 * every replay has it. Arguments alone are an array.
 */
export function inputWithSlot(args: readonly unknown[], { schedule, scheduledFor }: ScheduledSlot): Written {
  return { args, schedule, scheduledFor };
}

/** What was encoded as the input of an invocation. */
export function readInput(decoded: unknown): InvocationInput {
  if (Array.isArray(decoded) || typeof decoded !== 'object' || decoded === null)
    return { args: decoded as readonly unknown[] };
  const { args, schedule, scheduledFor } = decoded as Written;
  return { args, slot: { schedule, scheduledFor } };
}
