import {
  type Act,
  CAUGHT,
  counterName,
  GIVEN_UP,
  lineName,
  type Routine,
} from '../../apps/faults/program.js';

/** What comes of a program once all of it is over. */
export interface Effects {
  /** What its first routine gives, or why it fails. */
  readonly outcome: number | string;
  /** What objects keep for it, by name. */
  readonly state: ReadonlyMap<string, number>;
  /** Invocations that it is made of: how many of each handler, by `Service.handler`. */
  readonly invocations: ReadonlyMap<string, number>;
  readonly acts: number;
}

/** Says what comes of a program, from the program alone: nothing here knows of time, or of what happens at once. */
export function effectsOf(program: string, routine: Routine): Effects {
  const ledger = new Effector(program);
  const outcome = ledger.outcomeOf(routine);
  return { outcome, state: ledger.state, invocations: ledger.invocations, acts: ledger.acts };
}

/** A routine's failure, on its way up. */
class Failed extends Error {}

class Effector {
  readonly state = new Map<string, number>();
  readonly invocations = new Map<string, number>();
  acts = 0;

  constructor(private readonly program: string) {}

  outcomeOf(routine: Routine): number | string {
    try {
      return this.follow(routine);
    } catch (error) {
      if (error instanceof Failed) return error.message;
      throw error;
    }
  }

  /** @throws Failed, once what it booked is taken back */
  private follow({ key, acts, fails }: Routine): number {
    this.invokes(key === undefined ? 'Programs.follow' : 'ProgramObjects.follow');
    const undo: (() => void)[] = [];
    try {
      const total = this.inTurn(acts, key, undo);
      if (fails !== undefined) throw new Failed(fails);
      return total;
    } catch (error) {
      for (const take of undo) take();
      throw error;
    }
  }

  private inTurn(acts: readonly Act[], key: string | undefined, undo: (() => void)[]): number {
    return acts.reduce((total, act) => total + this.act(act, key, undo), 0);
  }

  private act(act: Act, key: string | undefined, undo: (() => void)[]): number {
    this.acts++;
    switch (act.do) {
      case 'add':
        this.count(key ?? '', act.by);
        return act.by;
      case 'step':
        return act.value;
      case 'vain step':
        return CAUGHT;
      case 'sleep':
        return 0;
      case 'call':
        if (!act.catches) return this.follow(act.routine);
        return numberOr(this.outcomeOf(act.routine), CAUGHT);
      case 'attach':
        return this.follow(act.routine);
      case 'send':
        this.outcomeOf(act.routine);
        return 0;
      case 'line':
        return this.line(act.name, act.length);
      case 'book':
        this.invokes('ProgramObjects.add');
        this.count(act.key, act.by);
        undo.push(() => this.takeBack(act.key, act.by));
        return 0;
      case 'awakeable':
        if (act.by === 'handler') this.invokes('Couriers.complete');
        return act.value;
      case 'signals':
        if (act.by === 'handler') this.invokes('Couriers.signal', act.values.length);
        return act.values.reduce((sum, value) => sum + value, 0);
      case 'give up':
        return GIVEN_UP;
      default:
        return act.branches.reduce((sum, branch) => sum + this.inTurn(branch, key, undo), 0);
    }
  }

  private count(key: string, by: number): void {
    const name = counterName(this.program, key);
    this.state.set(name, (this.state.get(name) ?? 0) + by);
  }

  private takeBack(key: string, by: number): void {
    this.invokes('ProgramObjects.add');
    this.count(key, -by);
  }

  private invokes(handler: string, times = 1): void {
    this.invocations.set(handler, (this.invocations.get(handler) ?? 0) + times);
  }

  private line(name: string, length: number): number {
    this.invokes('ProgramObjects.note', length);
    const digits = Array.from({ length }, (_, at) => at + 1);
    this.state.set(lineName(this.program, name), Number(digits.join('')));
    return 0;
  }
}

function numberOr(outcome: number | string, otherwise: number): number {
  return typeof outcome === 'number' ? outcome : otherwise;
}
