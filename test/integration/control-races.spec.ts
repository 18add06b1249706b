import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import {
  CancelledError,
  DeadlineExceededError,
  type DurableClient,
  DurableContext,
  DurableService,
  Handler,
  KilledError,
} from '../../lib/index.js';
import type { SeededRandom } from '../faults/support/random.js';
import { Trial } from '../faults/support/trial.js';
import { form } from '../support/form.js';
import { Stage, type Staged } from '../support/stage.js';

jest.setTimeout(300_000);

/** Races of each kind. */
const RACES = form(3_400, 200);
const AT_ONCE = 8;
/** What comes within this time comes before, while and after an order is carried out. */
const LONGEST_MS = 100;

@DurableService()
class Racers {
  constructor(private readonly durable: DurableContext) {}

  /** Ends with the signal, or goes on with what it was asked to end by, so that each outcome tells who won. */
  @Handler()
  async run(): Promise<string> {
    const value = await this.durable.signal<string>('go');
    await this.durable.run('last', () => value);
    return value;
  }

  @Handler()
  async catches(): Promise<string> {
    return this.durable.signal<string>('go').catch((error: unknown) => (error as Error).name);
  }
}

type Race = (client: DurableClient, random: SeededRandom, pause: () => Promise<void>) => Promise<string>;

/** What an invocation came to, for both who ask: the handle, and the record. */
async function outcomeOf(client: DurableClient, id: string): Promise<string> {
  const { result, status } = client.get<string>(id);
  const given = await result({ timeout: '60s' }).catch((error: unknown) => error);
  const record = await status();
  const name = given instanceof Error ? given.name : `returned ${String(given)}`;
  const recorded = record.error?.name ?? name;
  if (recorded !== name) throw new Error(`${id}: its caller got ${name}, recorded is ${recorded}`);
  return `${record.status}: ${name}`;
}

/** An order, and the signal that lets the handler end, at the same time. */
const against =
  (order: 'cancel' | 'kill'): Race =>
  async (client, random, pause) => {
    const { id } = await client.send(Racers).run();
    const first = random.next() < 0.5 ? 'signal' : 'order';
    const wait = (who: 'signal' | 'order'): Promise<void> => (who === first ? Promise.resolve() : pause());
    const tooLate = (error: { code?: string }): void => {
      if (error.code !== 'DURABLE_INVOCATION_OVER') throw error as Error;
    };
    await Promise.all([
      wait('signal').then(() => client.signal(id, 'go', 'won').catch(tooLate)),
      wait('order').then(() => client[order](id).catch(tooLate)),
    ]);
    return outcomeOf(client, id);
  };

const againstDeadline: Race = async (client, random) => {
  const { id } = await client.send(Racers, { deadline: random.between(0, LONGEST_MS) }).catches();
  // Longer: who looks after deadlines comes a little after them.
  await sleep(random.between(0, 4 * LONGEST_MS));
  await client.signal(id, 'go', 'won').catch((error: { code?: string }) => {
    if (error.code !== 'DURABLE_INVOCATION_OVER') throw error as Error;
  });
  return outcomeOf(client, id);
};

const RUNS: readonly (readonly [what: string, race: Race, outcomes: readonly string[]])[] = [
  [
    'cancel and completion',
    against('cancel'),
    ['completed: returned won', `cancelled: ${CancelledError.name}`],
  ],
  ['kill and completion', against('kill'), ['completed: returned won', `cancelled: ${KilledError.name}`]],
  [
    'a signal and a deadline',
    againstDeadline,
    [
      'completed: returned won',
      `completed: returned ${DeadlineExceededError.name}`,
      `failed: ${DeadlineExceededError.name}`,
    ],
  ],
];

describe('S22 orders on PostgreSQL, each against an end, with two workers', () => {
  const trial = new Trial('S22', 'orders', 0);
  let stage: Stage;
  let workers: Staged[];

  beforeAll(async () => {
    stage = await Stage.open('PostgreSQL');
    workers = [];
    for (const residency of [0, '5s'] as const)
      workers.push(
        await stage.start({ providers: [Racers], durable: { worker: { residency, concurrency: 40 } } }),
      );
  });
  afterAll(async () => {
    await stage.close();
    trial.report();
  });

  it.each(RUNS)(`${RACES} races of %s have one outcome each`, async (what, race, outcomes) => {
    trial.goesOn();
    const { random } = trial;
    const seen = new Map<string, number>();
    let left = RACES;
    // Whoever comes second comes later while he wins, and sooner while he loses: on any machine both win now and then.
    let longest = LONGEST_MS;
    const racer = async (): Promise<void> => {
      while (left-- > 0) {
        const { client } = workers[left % workers.length] as Staged;
        const pause = (): Promise<void> =>
          new Promise(resolve => setTimeout(resolve, random.between(0, longest)));
        const outcome = await race(client, random, pause);
        longest = outcome.startsWith('completed') ? Math.max(1, longest - 5) : Math.min(1_000, longest + 5);
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, racer));
    for (const [outcome, count] of seen) trial.count(`races of ${what}: ${outcome}`, count);
    expect([...seen.values()].reduce((sum, count) => sum + count, 0)).toBe(RACES);
    expect([...seen.keys()].filter(outcome => !outcomes.includes(outcome))).toEqual([]);
    // Else it was no race.
    expect(seen.size).toBeGreaterThan(1);
  });
});
