/** The invocation and the attempt in progress, as user code may see them. */
export interface AttemptView {
  readonly invocation: InvocationView;
  /** Number of this attempt, from 1: failed ones before it plus one. Crashes and releases do not count. */
  readonly attempt: number;
  /** Whether the handler is still given what the journal recorded, so that nothing it says now is new. */
  readonly isReplaying: boolean;
  /** Aborted when the attempt is over for another reason than its own end: a lost lease, a timeout, a drain. */
  readonly signal: AbortSignal;
}

/** An invocation, as the code that it runs sees it; also what Nest's `REQUEST` gives to its request-scoped providers. */
export interface InvocationView {
  readonly id: string;
  readonly service: string;
  readonly handler: string;
  /** Key of the virtual object; `undefined` in a plain service. */
  readonly key?: string;
  /** Invocation that called or sent it. */
  readonly parentId?: string;
  /** When it was accepted, by the database's clock. */
  readonly createdAt: Date;
  /** Name of the schedule that started it; `undefined`: none did, or it was triggered by hand. */
  readonly schedule?: string;
  /** The slot of the schedule: when it was to start. The same on every attempt. */
  readonly scheduledFor?: Date;
}

/** The step in progress. */
export interface StepView {
  readonly name: string;
  /** Stable over all tries and replays: pass it to systems that can recognise a repeated request. */
  readonly idempotencyKey: string;
  /** Number of this try, from 1. */
  readonly attempt: number;
  /** Aborted when the step's time is over, or the attempt's. */
  readonly signal: AbortSignal;
}
