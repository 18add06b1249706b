import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { type PostgresServer, startPostgres } from '../../scripts/servers.mjs';
import type { WorkerOptions } from '../../lib/index.js';
import type { Plan } from '../apps/faults/protocol.js';
import { expectLogged, Load, mixed } from './support/load.js';
import { slotsOutOfTurn } from './support/order-checks.js';
import { hasLostLease, Scene, type Setting } from './support/scene.js';
import { backAfter } from './support/throughput.js';
import { Trial } from './support/trial.js';

jest.setTimeout(Trial.timeoutMs);

const SETTINGS: readonly Setting[] = ['postgres', 'postgres+redis'];
/** Nobody is to blame for the deaths of leases here, however many hit one invocation. */
const WORKER: WorkerOptions = { lease: '6s', sweepInterval: '100ms', concurrency: 20, maxDeaths: 1_000 };
const PLAN: Plan = {
  steps: [
    { name: 'one', ms: 30 },
    { name: 'two', ms: 30 },
    { name: 'three', ms: 30 },
  ],
};
const SLOT_MS = 1_000;
/** How it fails: killed with all its processes, told to quit at once, or all connections ended. Each comes in turn. */
const FAULTS = ['SIGQUIT', 'SIGKILL', 'terminate'] as const;

interface Strike {
  readonly at: number;
  readonly healedAt: number;
}

describe.each(SETTINGS)('S05 on %s, a PostgreSQL that crashes under load', setting => {
  const trial = new Trial('S05', `on ${setting}`);
  let server: PostgresServer;
  let scene: Scene;

  beforeAll(async () => {
    server = await startPostgres({ fsync: false });
    scene = await Scene.open(setting, { postgres: server.url, worker: WORKER, fleet: 3, trial });
  });

  afterAll(async () => {
    await scene.close();
    await server.stop();
    trial.report();
  });

  async function strike(fault: (typeof FAULTS)[number]): Promise<Strike> {
    const at = Date.now();
    if (fault === 'terminate') {
      await scene.database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()`,
      );
      trial.total('times all connections to PostgreSQL ended');
    } else {
      await server.kill(fault);
      await sleep(trial.random.between(0, 2_000));
      await server.restart();
      trial.total('PostgreSQL restarts');
    }
    return { at, healedAt: Date.now() };
  }

  /** Rests between two strikes only in the long form: there they come every 5 to 10 s. */
  async function strikes(): Promise<readonly Strike[]> {
    const made: Strike[] = [];
    for (let round = 0; round < FAULTS.length || trial.goesOn(); round++) {
      await scene.progress(50);
      if (Trial.isLong) await sleep(trial.random.between(1_000, 4_000));
      made.push(await strike(FAULTS[round % FAULTS.length] ?? 'SIGKILL'));
    }
    await scene.progress(50);
    return made;
  }

  /** The schedule has had each of its slots once, and left none out. */
  async function expectSlots(): Promise<void> {
    const { invocations } = await scene.records();
    const started = invocations.flatMap(({ slot, createdAt }) =>
      slot === null ? [] : [{ slot, createdAt }],
    );
    const slots = started.map(({ slot }) => slot).sort((one, other) => one - other);
    trial.count('slots on time', started.filter(({ slot, createdAt }) => createdAt < slot + SLOT_MS).length);
    trial.total('doubled or missed slots', slotsOutOfTurn(slots, SLOT_MS).length);
    expect(slotsOutOfTurn(slots, SLOT_MS)).toEqual([]);
  }

  it('no process dies, nothing is lost or doubled, and no slot of a schedule is left out', async () => {
    const client = await scene.start({ worker: false });
    await Promise.all([scene.start(), scene.start()]);
    await client.ask({ do: 'schedule', name: 'every second', everyMs: SLOT_MS, plan: PLAN });
    const load = new Load(
      client,
      number => (number % 2 === 0 ? PLAN : mixed((number - 1) / 2)),
      25,
      async (id, number) => {
        if (number % 2 === 1) await client.ask({ do: 'signal', id, name: 'go', value: 'came', key: 'once' });
      },
    );
    const made = await strikes();
    await client.ask({ do: 'unschedule', name: 'every second' });
    await load.stop();
    await scene.allOver();
    await expectLogged(scene);
    await expectSlots();

    const ends = scene.ledger.ends();
    trial.count('leases lost', scene.workers.filter(hasLostLease).length);
    trial.measure('slowest send ms', load.slowestMs);
    trial.measure(
      'throughput is back ms',
      ...made.flatMap(({ at, healedAt }) => backAfter(ends, at, healedAt) ?? []),
    );
    expect(scene.workers.filter(({ exit }) => exit !== undefined)).toEqual([]);
    expect(await scene.conclude(load)).toEqual([]);
  });
});
