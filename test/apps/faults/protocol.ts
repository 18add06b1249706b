import type { DurableModuleOptions } from 'nestjs-durable';

/** What one step of a plan does in its body, in this order. */
export interface StepPlan {
  readonly name: string;
  /** Milliseconds that it takes. */
  readonly ms?: number;
  /** Latch of its process that it waits for; it gives up when its signal is aborted. */
  readonly hold?: string;
  /** Latch without which it fails for good. */
  readonly needs?: string;
  /** Milliseconds for which it blocks the event loop. */
  readonly blockMs?: number;
  /** Path of the file until which it blocks the event loop. */
  readonly blockUntil?: string;
  /** How it ends its process. */
  readonly dies?: 'exit' | 'kill';
  /** Latch with which it neither blocks nor dies. */
  readonly unless?: string;
}

/** What an invocation does: its steps one after the other, after which its first attempts may fail. */
export interface Plan {
  readonly steps: readonly StepPlan[];
  /** How many attempts fail after the last step. */
  readonly failedAttempts?: number;
}

/** What happens when a fault point is reached for the `nth` time from now on. */
export interface Fault {
  readonly point: string;
  readonly nth: number;
  /** `hold`: the process tells its parent and waits there until it is told to go on. */
  readonly action: 'kill' | 'stop' | 'hold';
}

/** The first message to a worker process. */
export interface Begin {
  readonly options: DurableModuleOptions;
  /** Path of the ledger. */
  readonly ledger: string;
  /** Latches that are open from the start. */
  readonly open: readonly string[];
  /** What it is armed with from the start. */
  readonly fault?: Fault;
}

/** What a worker process can be asked for. */
export type Command =
  | {
      readonly do: 'send' | 'call';
      readonly plan: Plan;
      readonly key?: string | undefined;
      readonly delay?: number;
    }
  | { readonly do: 'result' | 'info' | 'retry' | 'journal'; readonly id: string }
  | { readonly do: 'open'; readonly latch: string }
  | { readonly do: 'arm'; readonly fault: Fault }
  | { readonly do: 'proceed' };

/** A message from the parent. */
export type Request =
  | { readonly kind: 'begin'; readonly begin: Begin }
  | ({ readonly kind: 'ask'; readonly ask: number } & Command);

/** What went wrong, as it crosses processes. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  /** Of a `PoisonError`. */
  readonly step?: string;
}

/** A message to the parent. */
export type Report =
  | { readonly kind: 'loaded' | 'ready' }
  | { readonly kind: 'held'; readonly point: string }
  | { readonly kind: 'answer'; readonly ask: number; readonly value?: unknown; readonly failure?: Failure };

/** One line of the ledger. */
export interface LedgerLine {
  readonly pid: number;
  /** `Date.now()` of the process. */
  readonly at: number;
  /** `point`: a fault point was reached. */
  readonly what: 'handler' | 'step' | 'point';
  readonly phase: 'start' | 'end' | 'aborted';
  readonly name: string;
  /** Invocation, except of a point. */
  readonly id?: string;
  /** Names one execution of a body. A step's is its result. */
  readonly token?: string;
  /** Token of the handler's execution within which a step is executed. */
  readonly within?: string;
}
