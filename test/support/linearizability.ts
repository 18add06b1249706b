/**
 * Whether what clients saw of one object can be explained by its operations taking effect one after the other, each at
 * some instant between its call and its answer: the search of Wing and Gong, with the memory of Lowe.
 */

/** An operation on one object, as its client saw it. */
export interface Operation<Call, Answer> {
  readonly call: Call;
  /** When it was called. */
  readonly from: number;
  /**
   * When it was answered, and with what. Without it the client does not know: it took effect at any time since then, or
   * never will. Operations that certainly had no effect are no part of a history.
   */
  readonly answered?: { readonly at: number; readonly answer: Answer };
}

/** What an object does when nobody else uses it. States are told apart by `===`. */
export interface Model<State, Call, Answer> {
  readonly initial: State;
  apply(state: State, call: Call): { readonly state: State; readonly answer: Answer };
  /** Whether an answer shows that an operation took effect; `false` if it may have as well. */
  shows(answer: Answer, call: Call): boolean;
}

/**
 * States that are looked at before a search is given up; one for each operation or a few are usual. Each operation without an
 * answer may double them.
 */
const MOST_STATES = 100_000;

/** An operation by its place in the history. */
interface Candidate<Call, Answer> extends Operation<Call, Answer> {
  readonly place: number;
}

/**
 * Why a history cannot be: the longest explanation that was found, and what would have had to come next; `undefined`
 * if it is linearizable.
 *
 * @throws Error if there are too many operations without an answer to tell
 */
export function explain<State, Call, Answer>(
  model: Model<State, Call, Answer>,
  history: readonly Operation<Call, Answer>[],
): string | undefined {
  // What has no answer and was never seen need not have happened: mostly there is an order without it, which is found at once.
  const answers = history.flatMap(({ answered }) => (answered ? [answered.answer] : []));
  const isSeen = ({ call }: Operation<Call, Answer>): boolean =>
    answers.some(answer => model.shows(answer, call));
  const seen = history.filter(operation => operation.answered !== undefined || isSeen(operation));
  if (new Search(model, seen).succeeds()) return undefined;
  const search = new Search(model, history);
  return search.succeeds() ? undefined : search.deadEnd;
}

/** Chosen operations in their order, newest first. */
interface Choice<State> {
  readonly state: State;
  readonly done: ReadonlySet<number>;
  /** What was not yet tried after it. */
  readonly next: number[];
}

class Search<State, Call, Answer> {
  deadEnd = '';

  private readonly operations: readonly Candidate<Call, Answer>[];
  private readonly known: number;
  /** What was reached: which operations are done, and the state. Another way there leads no further. */
  private readonly seen = new Map<string, Set<State>>();
  private longest = -1;
  private states = 0;

  constructor(
    private readonly model: Model<State, Call, Answer>,
    history: readonly Operation<Call, Answer>[],
  ) {
    this.operations = history
      .toSorted((one, other) => one.from - other.from)
      .map((operation, place) => ({ ...operation, place }));
    this.known = history.filter(({ answered }) => answered).length;
  }

  succeeds(): boolean {
    const path = [this.choice(this.model.initial, new Set())];
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const place = top.next.shift();
      if (place === undefined) {
        path.pop();
        continue;
      }
      const state = this.after(top.state, place);
      if (state === undefined) continue;
      const done = new Set(top.done).add(place);
      if (this.isAll(done)) return true;
      if (this.isNew(done, state.value)) path.push(this.choice(state.value, done));
    }
    return this.known === 0;
  }

  /** What may come next: whatever was called before anything that is still to come was answered. */
  private choice(state: State, done: ReadonlySet<number>): Choice<State> {
    const open = this.operations.filter(({ place }) => !done.has(place));
    const end = Math.min(...open.map(({ answered }) => answered?.at ?? Infinity));
    const next = open.filter(({ from }) => from <= end);
    // Those without an answer last: mostly they are not needed.
    next.sort((one, other) => Number(!one.answered) - Number(!other.answered));
    if (done.size > this.longest) {
      this.longest = done.size;
      const tried = next.map(({ call, answered }) => JSON.stringify({ call, answer: answered?.answer }));
      this.deadEnd = `after ${done.size} operations, in ${JSON.stringify(state)}, none fits: ${tried.join(', ')}`;
    }
    return { state, done, next: next.map(({ place }) => place) };
  }

  /** The state after an operation, if it can be next. */
  private after(state: State, place: number): { readonly value: State } | undefined {
    const { call, answered } = this.operations[place] as Candidate<Call, Answer>;
    const effect = this.model.apply(state, call);
    const fits = !answered || JSON.stringify(effect.answer) === JSON.stringify(answered.answer);
    return fits ? { value: effect.state } : undefined;
  }

  private isAll(done: ReadonlySet<number>): boolean {
    return this.operations.every(({ answered, place }) => !answered || done.has(place));
  }

  private get undecided(): string {
    const { length } = this.operations;
    return `not decided after ${MOST_STATES} states: ${length - this.known} of ${length} operations have no answer; were the clients or the machine stopped for long?`;
  }

  private isNew(done: ReadonlySet<number>, state: State): boolean {
    const key = this.nameOf(done);
    const states = this.seen.get(key) ?? new Set<State>();
    this.seen.set(key, states);
    if (states.has(state)) return false;
    states.add(state);
    if (++this.states > MOST_STATES) throw new Error(this.undecided);
    return true;
  }

  /** How far everything is done, and what is beyond. */
  private nameOf(done: ReadonlySet<number>): string {
    let from = 0;
    while (done.has(from)) from++;
    const beyond = [...done].filter(place => place > from).sort((one, other) => one - other);
    return `${from}:${beyond.join()}`;
  }
}

/** A text that is read, written, exchanged and appended to, as the registers of the fault tests. */
export type RegisterOperation =
  | { readonly op: 'read' }
  | { readonly op: 'write' | 'append'; readonly value: string }
  | { readonly op: 'cas'; readonly from: string; readonly to: string };

export const REGISTER: Model<string, RegisterOperation, string | boolean> = {
  initial: '',
  apply: (state, call) => {
    if (call.op === 'read') return { state, answer: state };
    if (call.op === 'write') return { state: call.value, answer: call.value };
    if (call.op === 'cas')
      return { state: state === call.from ? call.to : state, answer: state === call.from };
    const text = `${state},${call.value}`;
    return { state: text, answer: text };
  },
  shows: (answer, call) => {
    if (call.op === 'read' || typeof answer === 'boolean') return false;
    return answer.split(',').includes(call.op === 'cas' ? call.to : call.value);
  },
};
