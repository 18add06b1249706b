import {
  DurableClient,
  DurableContext,
  DurableEvent,
  DurableService,
  Handler,
  ObjectState,
  OnDurableEvent,
  Step,
  TerminalError,
  VirtualObject,
} from '../../lib/index.js';

/** Bodies that were run, by name: what a replay must not do. */
export const effects: string[] = [];

const QUICK = { retry: { maxAttempts: 3, initialDelay: 0 } };

@DurableEvent('golden.happened')
class Happened {
  readonly what!: string;
}

/** Invoked by the handlers below. */
@DurableService({ name: 'golden.child' })
export class GoldenChild {
  @Handler({ retry: { maxAttempts: 1 } })
  async twice(n: number): Promise<number> {
    effects.push('child');
    if (n < 0) throw new RangeError('negative');
    return 2 * n;
  }

  @OnDurableEvent(Happened)
  async heard(event: Happened): Promise<string> {
    effects.push('heard');
    return event.what;
  }
}

/**
 * Handlers whose journals are kept, for every release, in `test/fixtures/journals`: what they call must stay as it is.
 * Together they have every kind of entry. A new kind gets a new handler.
 */
@DurableService({ name: 'golden' })
export class Golden {
  constructor(
    private readonly durable: DurableContext,
    private readonly client: DurableClient,
  ) {}

  @Handler(QUICK)
  async steps(name: string): Promise<unknown> {
    let tries = 0;
    const one = await this.effect('one', name);
    const retried = await this.durable.run(
      'retried',
      () => {
        effects.push('retried');
        if (++tries < 3) throw new Error('not yet');
        return tries;
      },
      QUICK,
    );
    const caught = await this.broken().catch((error: unknown) => (error as Error).message);
    return { one, retried, caught, method: await this.method({ at: new Date(0), n: 1n }) };
  }

  @Handler(QUICK)
  async together(): Promise<unknown> {
    const all = await Promise.all([this.effect('a', 1), this.effect('b', 2), this.effect('c', 3)]);
    const settled = await Promise.allSettled([this.effect('d', 4), this.broken()]);
    const any = await Promise.any([this.broken(), this.effect('e', 5)]);
    const race = await Promise.race([this.effect('f', 6), this.durable.sleep('1h').then(() => 'late')]);
    const branches = await Promise.all(
      [1, 2].map(async n => {
        const first = await this.effect(`branch ${n}`, n);
        return first + (await this.effect(`branch ${n} again`, n));
      }),
    );
    return { all, settled: settled.map(({ status }) => status), any, race, branches };
  }

  @Handler(QUICK)
  async waits(): Promise<unknown> {
    const { id } = this.durable.invocation;
    await this.durable.sleep(1);
    const paid = this.durable.awakeable<string>();
    const refused = this.durable.awakeable({ timeout: '1h' });
    await this.durable.run('tell', async () => {
      effects.push('tell');
      await this.client.signal(id, 'go', { at: new Date(5) });
      await this.client.resolveAwakeable(paid.id, 'paid');
      await this.client.rejectAwakeable(refused.id, 'refused');
    });
    const signal = await this.durable.signal('go');
    const late = await this.durable.signal('never', { timeout: 1 }).catch((error: Error) => error.name);
    const no = await refused.promise.catch((error: Error) => error.message);
    return { signal, late, no, paid: await paid.promise };
  }

  @Handler(QUICK)
  async others(): Promise<unknown> {
    const called = await this.durable.call(GoldenChild).twice(2);
    const failed = await this.durable
      .call(GoldenChild)
      .twice(-1)
      .catch((error: unknown) => error instanceof RangeError);
    const sent = await this.durable.send(GoldenChild).twice(3);
    const attached = await this.durable.attach<number>(sent.id);
    const published = await this.durable.publish(Happened, { what: 'it' });
    return { called, failed, attached, published };
  }

  @Handler(QUICK)
  async sources(): Promise<unknown> {
    const before = [this.durable.now(), this.durable.random(), this.durable.uuid()];
    this.durable.set('progress', 'half');
    const step = await this.effect('between', 1);
    return { before, step, after: [this.durable.now(), this.durable.random(), this.durable.uuid()] };
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async saga(ends: 'well' | 'badly'): Promise<string> {
    await this.effect('book', 1);
    this.durable.compensate('unbook', () => void effects.push('unbook'));
    await this.effect('pay', 2);
    this.durable.compensate('refund', () => void effects.push('refund'));
    if (ends === 'badly') throw new TerminalError('no seat');
    return 'done';
  }

  @Handler(QUICK)
  async cancelled(): Promise<void> {
    await this.effect('begin', 1);
    this.durable.set('waits', true);
    await this.durable.sleep('1h');
  }

  @Step(QUICK)
  async method(value: unknown): Promise<unknown> {
    effects.push('method');
    return value;
  }

  @Step({ retry: { maxAttempts: 1 } })
  async broken(): Promise<never> {
    effects.push('broken');
    throw new Error('broken');
  }

  private effect<T>(name: string, value: T): Promise<T> {
    return this.durable.run(name, () => {
      effects.push(name);
      return value;
    });
  }
}

/** The same of an object. */
@VirtualObject({ name: 'golden.object' })
export class GoldenObject {
  constructor(
    private readonly durable: DurableContext,
    private readonly state: ObjectState,
  ) {}

  @Handler(QUICK)
  async states(): Promise<unknown> {
    const none = this.state.get('n') ?? 'none';
    await this.state.set('n', 1);
    await this.state.set('gone', new Set([1]));
    const n = await this.durable.run('between', () => {
      effects.push('between');
      return 5;
    });
    await this.state.update('n', current => (current as number) + n);
    await this.state.delete('gone');
    return { none, n: this.state.get('n'), keys: this.state.keys(), key: this.durable.key };
  }
}
