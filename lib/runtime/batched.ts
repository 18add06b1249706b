interface Asked<K, V> {
  readonly key: K;
  resolve(value: V): void;
  reject(error: unknown): void;
}

/** Questions of one turn of the event loop, asked together. */
export class Batched<K, V> {
  private asked: Asked<K, V>[] = [];

  /**
   * @param ask answers by position
   * @param most keys of one question
   */
  constructor(
    private readonly ask: (keys: readonly K[]) => Promise<readonly V[]>,
    private readonly most = 1_000,
  ) {}

  get(key: K): Promise<V> {
    return new Promise((resolve, reject) => {
      if (this.asked.push({ key, resolve, reject }) === 1) setImmediate(() => this.flush());
    });
  }

  private flush(): void {
    while (this.asked.length > 0) void this.answer(this.asked.splice(0, this.most));
  }

  private async answer(asked: readonly Asked<K, V>[]): Promise<void> {
    try {
      const values = await this.ask(asked.map(({ key }) => key));
      asked.forEach((one, at) => one.resolve(values[at] as V));
    } catch (error) {
      for (const one of asked) one.reject(error);
    }
  }
}
