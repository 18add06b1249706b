interface Asked<K, V> {
  readonly key: K;
  resolve(value: V): void;
  reject(error: unknown): void;
}

export interface BatchedOptions {
  /** Keys of one question. @default 1_000 */
  readonly most?: number;
  /** Whether the next question waits for the answer to the one before, and gathers until then. @default false */
  readonly inTurn?: boolean;
}

/** Questions of one turn of the event loop, asked together. */
export class Batched<K, V> {
  private asked: Asked<K, V>[] = [];
  private isAsking = false;
  private readonly most: number;
  private readonly inTurn: boolean;

  /** @param ask answers by position */
  constructor(
    private readonly ask: (keys: readonly K[]) => Promise<readonly V[]>,
    { most = 1_000, inTurn = false }: BatchedOptions = {},
  ) {
    this.most = most;
    this.inTurn = inTurn;
  }

  get(key: K): Promise<V> {
    return new Promise((resolve, reject) => {
      if (this.asked.push({ key, resolve, reject }) === 1) setImmediate(() => this.flush());
    });
  }

  private flush(): void {
    while (this.asked.length > 0 && !(this.inTurn && this.isAsking))
      void this.answer(this.asked.splice(0, this.most));
  }

  private async answer(asked: readonly Asked<K, V>[]): Promise<void> {
    this.isAsking = true;
    try {
      const values = await this.ask(asked.map(({ key }) => key));
      asked.forEach((one, at) => one.resolve(values[at] as V));
    } catch (error) {
      for (const one of asked) one.reject(error);
    }
    this.isAsking = false;
    if (this.inTurn) this.flush();
  }
}
