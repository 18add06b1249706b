import type { Act, Bringer, Routine } from '../../apps/faults/program.js';
import { SeededRandom } from './random.js';

/** The lowest layer. Whoever is called is a layer below who calls. */
const LOWEST = 2;
/** Objects of each layer. */
const KEYS = 2;

/**
 * The program of a seed.
 *
 * @param neighbourhood of the objects that it uses: programs of one share them, each with counters of its own
 */
export function generateProgram(seed: number, neighbourhood: string): Routine {
  return new Generator(new SeededRandom(seed), neighbourhood).routine(0);
}

/** Where a routine is: what it may do depends on it. */
interface Place {
  readonly layer: number;
  readonly key?: string;
  /** Within branches: then nothing fails, for what is cut off by a failure would depend on time. */
  readonly isBranch: boolean;
}

type Make = (place: Place) => Act;

class Generator {
  private names = 0;

  constructor(
    private readonly random: SeededRandom,
    private readonly neighbourhood: string,
  ) {}

  /** @param mayFail whether whoever asked for it can take it */
  routine(layer: number, mayFail = true): Routine {
    const key = this.chance(layer === 0 ? 0.3 : 0.6) ? this.key(layer) : undefined;
    const place = { layer, isBranch: !mayFail, ...(key !== undefined && { key }) };
    const acts = Array.from({ length: this.random.between(1, 4 - layer) }, () => this.act(place));
    return {
      ...(key !== undefined && { key }),
      acts: key === undefined ? acts : [...acts, this.add()],
      ...(this.chance(0.1) && { failedAttempts: this.random.between(1, 2) }),
      ...(mayFail && this.chance(0.15) && { fails: this.name('failure') }),
    };
  }

  private act(place: Place): Act {
    const { layer, key } = place;
    const choices: readonly (readonly [weight: number, make: Make])[] = [
      [key === undefined ? 0 : 3, () => this.add()],
      [3, () => this.step()],
      [0.5, () => ({ do: 'vain step' })],
      [1, () => ({ do: 'sleep', ms: this.random.between(1, 200) })],
      [2, () => this.awaited()],
      [0.7, () => this.giveUp()],
      [1, within => this.atOnce(within)],
      ...(layer === LOWEST ? [] : this.below(layer)),
    ];
    let at = this.random.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
    const chosen = choices.find(([weight]) => (at -= weight) < 0);
    return chosen ? chosen[1](place) : this.step();
  }

  /** What needs a layer below. */
  private below(layer: number): readonly (readonly [weight: number, make: Make])[] {
    return [
      [5, ({ isBranch }) => this.call(layer + 1, isBranch)],
      [1, () => ({ do: 'attach', routine: this.routine(layer + 1, false) })],
      [1.5, () => ({ do: 'send', routine: this.routine(layer + 1) })],
      [1.5, () => this.sendLater(layer + 1)],
      [1, () => this.line(layer + 1)],
      [3, () => ({ do: 'book', key: this.key(layer + 1), by: this.amount() })],
    ];
  }

  private call(layer: number, isBranch: boolean): Act {
    const catches = this.chance(0.6);
    return { do: 'call', catches, routine: this.routine(layer, catches || !isBranch) };
  }

  private sendLater(layer: number): Act {
    return { do: 'send', routine: this.routine(layer), delay: this.random.between(1, 400) };
  }

  private line(layer: number): Act {
    return { do: 'line', key: this.key(layer), name: this.name('line'), length: this.random.between(2, 4) };
  }

  private add(): Act {
    return { do: 'add', by: this.amount() };
  }

  private step(): Act {
    return {
      do: 'step',
      value: this.amount(),
      failedTries: this.chance(0.15) ? this.random.between(1, 2) : 0,
    };
  }

  private awaited(): Act {
    const by: Bringer = this.chance(0.5) ? 'handler' : 'client';
    if (this.chance(0.5)) return { do: 'awakeable', value: this.amount(), by };
    const values = Array.from({ length: this.random.between(1, 2) }, () => this.amount());
    return { do: 'signals', name: this.name('signal'), values, by };
  }

  private giveUp(): Act {
    const on = (['awakeable', 'signal', 'race'] as const)[this.random.between(0, 2)] ?? 'race';
    return { do: 'give up', on, ms: this.random.between(1, 150) };
  }

  private atOnce(place: Place): Act {
    const how = (['all', 'race', 'any'] as const)[this.random.between(0, 2)] ?? 'all';
    const branch = (): Act[] =>
      Array.from({ length: this.random.between(1, 2) }, () => this.act({ ...place, isBranch: true }));
    return { do: how, branches: Array.from({ length: this.random.between(2, 3) }, branch) };
  }

  /** Of an object of a layer. */
  private key(layer: number): string {
    return `${this.neighbourhood}/${layer}.${this.random.between(1, KEYS)}`;
  }

  private amount(): number {
    return this.random.between(1, 999);
  }

  private name(what: string): string {
    return `${what} ${++this.names}`;
  }

  private chance(share: number): boolean {
    return this.random.next() < share;
  }
}
