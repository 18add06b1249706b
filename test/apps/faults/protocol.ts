import type { DurableModuleOptions } from 'nestjs-durable';
import type { Routine } from './program.js';

/** What one step of a plan does in its body, in this order. */
export interface StepPlan {
  readonly name: string;
  /** What the handler does before the step, which then has what came of it in its name. */
  readonly first?: Act;
  /** Whether it is undone, by a body `undo NAME`, if the invocation fails. */
  readonly undone?: boolean;
  /** Id of an awakeable that it gives away. */
  readonly gives?: string;
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
  readonly dies?: 'exit' | 'kill' | 'heap';
  /** Latch with which it neither blocks nor dies. */
  readonly unless?: string;
}

/** What an invocation does: its steps one after the other, after which its first attempts may fail. */
export interface Plan {
  readonly steps: readonly StepPlan[];
  /** How many attempts fail after the last step. */
  readonly failedAttempts?: number;
  /** Whether it fails for good after the last step. */
  readonly fails?: boolean;
}

/** A durable operation of a handler. */
export type Act =
  | { readonly sleep: number }
  /** Waits for a signal; `within`: milliseconds, after which it goes on. */
  | { readonly signal: string; readonly within?: number }
  /** Gives its id away through the ledger, in a step `asks`. */
  | { readonly awakeable: true }
  /** `key`: of an object. */
  | { readonly call: Plan; readonly key?: string }
  | { readonly send: Plan; readonly key?: string; readonly delay?: number }
  /** Publishes what is followed by two handlers: one that has it by its name, and one by a predicate. */
  | { readonly publish: Plan }
  /** Sends, and attaches to what it has sent. */
  | { readonly attach: Plan }
  /** Calls what fails. */
  | { readonly fails: Plan }
  /** Adds to the log of its object. */
  | { readonly append: string };

/** What is asked of a register. */
export type RegisterCall =
  | { readonly op: 'read' }
  | { readonly op: 'write' | 'append'; readonly value: string }
  | { readonly op: 'cas'; readonly from: string; readonly to: string };

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
  /** How wrong its clock is, in milliseconds. */
  readonly skewMs?: number;
  /** After which share of their time its timers fire: below 1 is early. */
  readonly timersBy?: number;
}

/** What a worker process can be asked for. */
export type Command =
  | {
      readonly do: 'send' | 'call';
      readonly plan: Plan;
      readonly key?: string | undefined;
      readonly delay?: number;
      /** Whether its retries are seconds apart, spread as they are by default. */
      readonly patient?: boolean;
      /** Milliseconds until it is to be over. */
      readonly deadline?: number;
      /** Key of the object that follows the plan. */
      readonly object?: string;
    }
  | {
      readonly do: 'signal';
      readonly id: string;
      readonly name: string;
      readonly value: string | number;
      readonly key?: string;
    }
  /** Answers with the invocation of the handler that has it by its name. */
  | { readonly do: 'publish'; readonly plan: Plan; readonly key: string }
  | { readonly do: 'complete'; readonly awakeable: string; readonly value: string | number }
  /** Answers with the invocation of its first routine. */
  | { readonly do: 'program'; readonly name: string; readonly routine: Routine }
  | { readonly do: 'log'; readonly object: string }
  /** Sends it, and does not wait for its result. */
  | { readonly do: 'append'; readonly object: string; readonly value: string }
  | { readonly do: 'register'; readonly object: string; readonly call: RegisterCall; readonly key: string }
  | { readonly do: 'result' | 'info' | 'retry' | 'journal'; readonly id: string }
  /** Answers with invocations, of any handler, that are not over: the first page of them. */
  | { readonly do: 'unfinished' }
  /** Orders to an invocation; `restart` answers with the id of the new one. */
  | { readonly do: 'cancel' | 'kill' | 'pause' | 'resume' | 'restart'; readonly id: string }
  /** Creates a schedule that starts the plan at every slot. */
  | { readonly do: 'schedule'; readonly name: string; readonly everyMs: number; readonly plan: Plan }
  | { readonly do: 'unschedule'; readonly name: string }
  /** Answers with the bytes of its heap that are in use. */
  | { readonly do: 'heap' }
  /** Its clock jumps: it is wrong by so many milliseconds from now on. */
  | { readonly do: 'jump'; readonly skewMs: number }
  | { readonly do: 'open'; readonly latch: string }
  | { readonly do: 'arm'; readonly fault: Fault }
  | { readonly do: 'proceed' }
  /** Closes its application, and starts another one in the same process. */
  | { readonly do: 'again' };

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
  /** Milliseconds since 1970, by the machine's clock. */
  readonly at: number;
  /**
   * `point`: a fault point was reached; `awakeable`: one, by its id, is to be completed; `signal`: one is to be sent;
   * `timer`: of a sleep.
   */
  readonly what: 'handler' | 'step' | 'point' | 'awakeable' | 'signal' | 'timer';
  readonly phase: 'start' | 'end' | 'aborted';
  readonly name: string;
  /** Invocation, except of a point. */
  readonly id?: string;
  /** Names one execution of a body. A step's is its result. Of a signal or an awakeable: which one of its name, and the number to bring. */
  readonly token?: string;
  /** Token of the handler's execution within which a step is executed. */
  readonly within?: string;
  /** Of a timer: milliseconds that it is to take. */
  readonly ms?: number;
}
