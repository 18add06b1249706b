import pg from 'pg';
import { DurableContext, DurableService, Handler } from '../../lib/index.js';
import { Trial } from '../faults/support/trial.js';
import { Applications, type Running } from '../support/applications.js';
import { form } from '../support/form.js';
import { Recorder } from '../support/recorder.js';
import { BACKENDS, Stage } from '../support/stage.js';

@DurableService()
class Many {
  constructor(
    private readonly durable: DurableContext,
    private readonly recorder: Recorder,
  ) {}

  @Handler()
  async sleepUntil(at: Date): Promise<void> {
    await this.durable.sleepUntil(at);
    this.recorder.note(this.durable.invocation.id);
  }

  @Handler()
  async double(value: number): Promise<number> {
    return value * 2;
  }

  @Handler()
  async sumOfChildren(count: number): Promise<number> {
    const calls = Array.from({ length: count }, (_, value) => this.durable.call(Many).double(value));
    return (await Promise.all(calls)).reduce((sum, value) => sum + value, 0);
  }
}

const TIMERS = form(10_000, 1_000);
/** Until the first one is due: all are accepted and asleep by then. */
const LEAD_MS = form(12_000, 3_000);
const CHILDREN = 1_000;
const SENDERS = 64;

describe('S18 timers that are all due within one second', () => {
  const trial = new Trial('S18', 'due within one second', 0);
  let applications: Applications;
  let one: Running;
  let database: pg.Client;

  beforeAll(async () => {
    applications = await Applications.open();
    one = await applications.start({ providers: [Many, Recorder] });
    database = new pg.Client({ connectionString: applications.database.url });
    await database.connect();
  });
  afterAll(async () => {
    await database.end();
    await applications.close();
    trial.report();
  });

  /** When the sleeps of invocations were over, by the database's clock. */
  const woken = async (): Promise<Map<string, number>> => {
    const { rows } = await database.query<{ id: string; at: number }>(
      `select invocation_id as id, (extract(epoch from written_at) * 1000)::float8 as at
      from ${one.schema}.entry where kind = 'sleep' and outcome = 'ok'`,
    );
    return new Map(rows.map(({ id, at }) => [id, at]));
  };

  test('are all served, none of them early and none twice', async () => {
    trial.goesOn();
    const sends = one.client.send(Many);
    const due = new Map<string, number>();
    const results: Promise<void>[] = [];
    const first = Date.now() + LEAD_MS;
    let next = 0;
    const sender = async (): Promise<void> => {
      while (next < TIMERS) {
        const at = first + Math.floor((next++ * 1_000) / TIMERS);
        const { id, result } = await sends.sleepUntil(new Date(at));
        due.set(id, at);
        results.push(result());
      }
    };
    await Promise.all(Array.from({ length: SENDERS }, sender));
    await Promise.all(results);

    const times = await woken();
    const late = [...due].map(([id, at]) => (times.get(id) ?? NaN) - at);
    const early = late.filter(ms => !(ms >= 0));
    trial.total('timers over', TIMERS);
    trial.total('early timers', early.length);
    trial.measure('lateness ms', ...late);
    expect(late).toHaveLength(TIMERS);
    expect(early).toEqual([]);
    expect(one.app.get(Recorder).take().sort()).toEqual([...due.keys()].sort());
  }, 240_000);
});

describe.each(BACKENDS)('1,000 children awaited together on %s', backend => {
  let stage: Stage;
  beforeAll(async () => void (stage = await Stage.open(backend)));
  afterAll(() => stage.close());

  test('all answer their parent', async () => {
    const { client } = await stage.start({ providers: [Many, Recorder] });
    const sum = await client.call(Many, { timeout: '200s' }).sumOfChildren(CHILDREN);
    expect(sum).toBe(CHILDREN * (CHILDREN - 1));
    const { items } = await client.list({ handler: 'double', limit: 1_000 });
    expect(items.filter(({ status }) => status === 'completed')).toHaveLength(CHILDREN);
  }, 240_000);
});
