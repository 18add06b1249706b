import type { ObjectState } from '../../lib/index.js';
import type { AttemptView, InvocationView, StepView } from '../../lib/ports/attempt-view.js';
import type { HandlerKind } from '../../lib/ports/handlers.js';
import { runInScope, type Scope } from '../../lib/runtime/scope.js';
import { objectState } from '../../lib/testing/index.js';

/** One call of an operation: its name, then what it was given. */
export type OperationCall = readonly [string, ...unknown[]];

/** An attempt that notes what it is asked for, and answers at once: what stands between user code and the runtime. */
export class ScriptedAttempt {
  readonly calls: OperationCall[] = [];
  isReplaying = false;
  invocation: InvocationView = { id: 'i1', service: 'Shop', handler: 'sell', createdAt: new Date(0) };
  /** What operations resolve to. */
  answer: () => Promise<unknown> = async () => 'answer';

  private readonly state = objectState();

  /** Runs code as the handler, or a step of it, would run. */
  run<T>(code: () => T, step?: string): T {
    const view = step === undefined ? undefined : ({ name: step } as StepView);
    return runInScope({ attempt: this.scope(), step: view }, code);
  }

  private scope(): Scope['attempt'] {
    const note =
      <R>(name: string, answer: () => R) =>
      (...args: unknown[]): R => {
        this.calls.push([name, ...args]);
        return answer();
      };
    const later = (name: string) => note(name, () => this.answer());
    const operations = {
      invocation: this.invocation,
      attempt: 1,
      isReplaying: this.isReplaying,
      signal: new AbortController().signal,
      targets: {
        find: (service: { name: string }, method: string) => ({
          service: service.name,
          handler: method,
          kind: (service.name.startsWith('Object')
            ? 'exclusive'
            : 'service') satisfies HandlerKind as HandlerKind,
        }),
      },
      sleep: later('sleep'),
      call: later('call'),
      send: later('send'),
      attach: later('attach'),
      awakeable: note('awakeable', () => ({ id: 'awk_1', promise: this.answer() })),
      awaitSignal: later('awaitSignal'),
      set: note('set', () => undefined),
      now: () => new Date(5),
      random: () => 0.25,
      uuid: () => 'u1',
      state: (what: string) => {
        this.calls.push(['state', what]);
        return stateOf(this.state);
      },
    };
    return operations as unknown as Scope['attempt'] & AttemptView;
  }
}

function stateOf(state: ObjectState): object {
  return {
    get: (name: string) => state.get(name),
    set: (name: string, value: unknown) => void state.set(name, value),
    delete: (name: string) => void state.delete(name),
    keys: () => state.keys(),
  };
}
