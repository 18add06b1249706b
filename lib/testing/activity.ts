import type { Store } from '../ports/store.js';

/** What an application asks of its store: the sign of whether it does anything. */
export class Activity {
  private pending = 0;
  private begun = 0;
  private commits = 0;

  /** How many calls have begun. */
  get calls(): number {
    return this.begun;
  }

  /** How many commits have ended. */
  get progress(): number {
    return this.commits;
  }

  get isUnderWay(): boolean {
    return this.pending > 0;
  }

  watch(store: Store): Store {
    const schedules = this.watched(store.schedules);
    return this.watched(store, { schedules });
  }

  private watched<T extends object>(target: T, instead: Partial<T> = {}): T {
    return new Proxy(target, {
      get: (_, key) => {
        const value: unknown = Reflect.get(instead, key) ?? Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => this.count(key, Reflect.apply(value, target, args));
      },
    });
  }

  private count(key: string | symbol, result: unknown): unknown {
    if (!(result instanceof Promise)) return result;
    this.pending++;
    this.begun++;
    return result.finally(() => {
      this.pending--;
      if (key === 'commit') this.commits++;
    });
  }
}
