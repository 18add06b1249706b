import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import {
  DurableContext,
  DurableService,
  type DurableClient,
  type Duration,
  Handler,
  WaitTimeoutError,
} from '../../lib/index.js';
import { SeededRandom } from '../faults/support/random.js';
import { Trial } from '../faults/support/trial.js';
import { form } from '../support/form.js';
import { Recorder } from '../support/recorder.js';
import { Stage, type Staged } from '../support/stage.js';

jest.setTimeout(300_000);

const INVOCATIONS = form(1_000, 300);
const ROUNDS = 10;
/** How long workers stay with what waits, in milliseconds: gone at once, or while it comes. */
const RESIDENCIES: readonly Duration[] = [0, 1, 4];
/** What comes within this time comes before, while and after its invocation is let go. */
const INSTANT_MS = 6;

/** Whoever brings what is waited for. A handler that is replayed asks again, and gets nothing more. */
class Bringer {
  readonly failures: unknown[] = [];
  private readonly asked = new Set<string>();
  private readonly clients: DurableClient[] = [];
  private random = new SeededRandom(0);

  begin(clients: readonly DurableClient[], random: SeededRandom): void {
    this.clients.push(...clients);
    this.random = random;
  }

  /** Brings something around the time at which the handler begins to wait for it. */
  bring(id: string, round: number, how: (client: DurableClient) => Promise<void>): void {
    const what = `${id} ${round}`;
    if (this.asked.has(what)) return;
    this.asked.add(what);
    const client = this.clients[this.random.between(0, this.clients.length - 1)] as DurableClient;
    const ms = this.random.between(0, INSTANT_MS);
    const later = ms === 0 ? Promise.resolve() : sleep(ms);
    void later.then(() => how(client)).catch((error: unknown) => this.failures.push(error));
  }
}

@DurableService()
class Waiters {
  constructor(
    private readonly durable: DurableContext,
    private readonly bringer: Bringer,
    private readonly recorder: Recorder,
  ) {}

  /** What each round was given: its own number. */
  @Handler()
  async wait(offset: number, moment: number): Promise<unknown[]> {
    const given: unknown[] = [];
    for (let round = 0; round < ROUNDS; round++) given.push(await this.round(round, offset + round, moment));
    return given;
  }

  @Handler()
  async child(round: number): Promise<number> {
    this.recorder.note(`${this.durable.invocation.parentId} ${round}`);
    return round;
  }

  private async round(round: number, kind: number, moment: number): Promise<unknown> {
    const { id } = this.durable.invocation;
    switch (kind % 5) {
      case 0:
        this.bringer.bring(id, round, client => client.signal(id, 'go', round));
        return this.durable.signal('go');
      case 1: {
        const { id: awakeable, promise } = this.durable.awakeable();
        const known = this.durable.run('known', () => undefined);
        await known;
        this.bringer.bring(id, round, client => client.resolveAwakeable(awakeable, round));
        return promise;
      }
      case 2:
        return this.durable.call(Waiters).child(round);
      case 3:
        this.bringer.bring(id, round, client => client.signal(id, 'go', round));
        return this.durable.signal('go', { timeout: moment + 1 }).catch((error: unknown) => {
          if (!(error instanceof WaitTimeoutError)) throw error;
          return this.durable.signal('go');
        });
      default: {
        this.bringer.bring(id, round, client => client.signal(id, 'go', round));
        const [, value] = await Promise.all([this.durable.sleep(moment), this.durable.signal('go')]);
        return value;
      }
    }
  }
}

describe('S22 waits on PostgreSQL that are over at the instant at which they begin', () => {
  const trial = new Trial('S22', 'waits', 0);
  let stage: Stage;
  let workers: Staged[];
  const bringer = new Bringer();
  const recorder = new Recorder();

  beforeAll(async () => {
    stage = await Stage.open('PostgreSQL');
    const providers = [
      Waiters,
      { provide: Bringer, useValue: bringer },
      { provide: Recorder, useValue: recorder },
    ];
    workers = [];
    for (const residency of RESIDENCIES)
      workers.push(await stage.start({ providers, durable: { worker: { residency, concurrency: 40 } } }));
  });
  afterAll(async () => {
    await stage.close();
    trial.report();
  });

  it('none is lost and none doubled', async () => {
    trial.goesOn();
    const { random } = trial;
    const clients = workers.map(({ client }) => client);
    bringer.begin(clients, random);
    const handles = await Promise.all(
      Array.from({ length: INVOCATIONS }, (_, i) =>
        (clients[i % clients.length] as DurableClient)
          .send(Waiters)
          .wait(i % 5, random.between(0, INSTANT_MS)),
      ),
    );
    const results = await Promise.allSettled(handles.map(({ result }) => result({ timeout: '240s' })));

    const right = JSON.stringify(Array.from({ length: ROUNDS }, (_, round) => round));
    const wrong = results.flatMap((one, i) => {
      const text = one.status === 'fulfilled' ? JSON.stringify(one.value) : String(one.reason);
      return text === right ? [] : [`${handles[i]?.id}: ${text}`];
    });
    expect(bringer.failures).toEqual([]);
    expect(wrong).toEqual([]);
    const children = recorder.take();
    expect(new Set(children).size).toBe((INVOCATIONS * ROUNDS) / 5);
    // A child that was driven twice did so under two leases: nobody died here.
    expect(children).toHaveLength(new Set(children).size);
    const epochs = await Promise.all(handles.slice(0, 50).map(({ status }) => status()));
    expect(epochs.every(({ deaths, status }) => deaths === 0 && status === 'completed')).toBe(true);
    trial.count('waits', INVOCATIONS * ROUNDS);
  });
});
