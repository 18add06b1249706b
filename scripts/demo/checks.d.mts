/** An execution of a step, as its process printed it. */
export interface Execution {
  readonly pid: number;
  readonly name: string;
  readonly key?: string;
}

/** All that is known from outside of an order whose process was killed and started again. */
export interface Seen {
  readonly executions: readonly Execution[];
  readonly journal: readonly { readonly name: string; readonly outcome: string }[];
  /** The process that was killed. */
  readonly killed: number | undefined;
  readonly order: { readonly status: string };
  /** How the other process ended when it was asked to. */
  readonly stopped: { readonly code: number | null; readonly signal: string | null };
}

export function judge(seen: Seen): { readonly passed: boolean; readonly text: string }[];
export function nameOf(entry: { readonly name: string }): string;
