import { setTimeout as sleep } from 'node:timers/promises';
import type { Operation, RegisterOperation } from '../../support/linearizability.js';
import type { SeededRandom } from './random.js';
import { RemoteError, type WorkerProcess } from './worker-process.js';

export type Answer = string | boolean;

/** What was asked of one key, and what clients saw of it. */
export interface History {
  readonly key: string;
  readonly operations: Operation<RegisterOperation, Answer>[];
}

/** How one register is asked: under the same key, it is one operation however often it is asked for. */
export function register(object: string, call: RegisterOperation, key: string) {
  return { do: 'register', object, call, key } as const;
}

/** Clients of several registers at once, each asking a worker that may die of something else meanwhile. */
export class RegisterClients {
  /** Operations that were asked for; the last ones may still be under way. */
  private asked = 0;

  constructor(
    private readonly histories: readonly History[],
    /** How many operations each key is to have. */
    private readonly length: number,
    private readonly workers: () => readonly WorkerProcess[],
    private readonly random: SeededRandom,
  ) {}

  /** Asks one thing after the other until every key has its operations. */
  async operate(client: string): Promise<void> {
    let seen = '';
    for (let nth = 0; this.asked < this.length * this.histories.length; nth++) {
      const { key, operations } = this.histories[this.asked++ % this.histories.length] as History;
      const name = `${client}.${nth}`;
      const call = this.choose(name, seen);
      const from = performance.now();
      // Asked again under its key, it is one operation all the same; else nobody knows what became of it.
      const answer = await this.attempt(register(key, call, `${key} ${name}`), this.random.between(1, 3));
      operations.push({
        call,
        from,
        ...(answer !== undefined && { answered: { at: performance.now(), answer } }),
      });
      if (typeof answer === 'string') seen = answer;
    }
  }

  private choose(value: string, seen: string): RegisterOperation {
    const kind = this.random.next();
    if (kind < 0.35) return { op: 'read' };
    if (kind < 0.45) return { op: 'write', value };
    return kind < 0.65 ? { op: 'cas', from: seen, to: value } : { op: 'append', value };
  }

  private async attempt(asked: ReturnType<typeof register>, tries: number): Promise<Answer | undefined> {
    for (let nth = 0; nth < tries; nth++) {
      try {
        const workers = this.workers();
        return await workers[this.random.between(0, workers.length - 1)]?.ask<Answer>(asked);
      } catch (error) {
        // What a handler fails with would be an error of ours: only a process may fail here.
        if (error instanceof RemoteError && error.failure.name !== 'Error') throw error;
        await sleep(20);
      }
    }
    return undefined;
  }
}

/** Texts that have a value twice. */
export function doubled({ operations }: History): string[] {
  const texts = operations.flatMap(({ answered }) =>
    typeof answered?.answer === 'string' ? [answered.answer] : [],
  );
  return texts.filter(text => {
    const values = text.split(',');
    return new Set(values).size !== values.length;
  });
}
