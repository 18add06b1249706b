import type { JournalEntry } from '../engine/entry.js';
import { JournalMismatchError } from '../errors/index.js';
import type { Execution } from './execution.js';
import type { AttemptKit } from './kit.js';
import type { Compensation, Saga } from './saga.js';
import type { Scope } from './scope.js';
import { StepExecution } from './step-execution.js';

/** What came of undoing: all of it is done, it is stopped, or one of them cannot be done. */
export type Undone = 'done' | 'stopped' | { readonly name: string; readonly error: unknown };

/** What undoing needs of its attempt. */
export interface Undoer {
  readonly scope: Scope['attempt'];
  readonly kit: AttemptKit;
  /** Where the attempt sees what it waits for. */
  readonly executions: Map<number, Execution>;
  readonly careful: boolean;
  /** Whether something may be started; if not, the attempt is given back. */
  mayStart(): boolean;
  /** Something is being done again, after a wait. */
  busy(): void;
}

/** Undoes what an invocation did: one thing at a time, the last first, each recorded before the next. */
export async function undoAll(saga: Saga, undoer: Undoer): Promise<Undone> {
  const { calls = 0, delivered = 0 } = saga.ending ?? {};
  for (const [at, compensation] of saga.plan().entries()) {
    const recorded = saga.recorded.get(calls + at);
    const undone = await undo(compensation, { index: calls + at, calledAfter: delivered, recorded }, undoer);
    if (undone !== 'done') return undone;
  }
  saga.settle();
  return 'done';
}

interface UndoPlace {
  readonly index: number;
  readonly calledAfter: number;
  readonly recorded: JournalEntry | undefined;
}

async function undo(
  { context, call }: Compensation,
  { index, calledAfter, recorded }: UndoPlace,
  undoer: Undoer,
): Promise<Undone> {
  const { scope, kit, executions, careful } = undoer;
  const step = call();
  const { name } = step;
  if (recorded && recorded.name !== name) {
    const called = { kind: 'compensation', name };
    return {
      name,
      error: new JournalMismatchError(kit.writes.lease.invocationId, { index, recorded, called }),
    };
  }
  // Done before, or by hand.
  if (recorded?.outcome === 'ok') return 'done';
  if (!undoer.mayStart()) return 'stopped';
  const open = recorded && { ...recorded, tries: isGivenUp(recorded) ? 0 : recorded.tries };
  const execution = new StepExecution(
    step,
    { index, calledAfter, open, careful, kind: 'compensation' },
    scope,
    kit,
  );
  executions.set(index, execution);
  undoer.busy();
  const ready = await context.runInAsyncScope(() => execution.run());
  if (!ready) return 'stopped';
  executions.delete(index);
  const nothing = { seq: null, dueInMs: null };
  if (ready.outcome === 'ok') {
    kit.writes.note({ ...ready, ...nothing });
    return 'done';
  }
  kit.writes.note({ ...ready, ...nothing, outcome: null });
  return { name, error: kit.env.errors.decode(ready.value) };
}

/** Whether it was out of tries: one that is to be tried again by itself has a time for it. */
function isGivenUp({ value, dueIn }: JournalEntry): boolean {
  return value !== null && dueIn === null;
}
