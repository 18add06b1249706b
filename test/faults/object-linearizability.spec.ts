import { jest } from '@jest/globals';
import type { WorkerOptions } from '../../lib/index.js';
import { form } from '../support/form.js';
import { explain, REGISTER } from '../support/linearizability.js';
import { SHARED_REDIS } from '../support/redis-transports.js';
import { Havoc } from './support/havoc.js';
import { SeededRandom } from './support/random.js';
import { type Answer, doubled, type History, register, RegisterClients } from './support/register-clients.js';
import { hasLostLease, Scene, type Setting } from './support/scene.js';
import { Trial } from './support/trial.js';
import type { WorkerProcess } from './support/worker-process.js';

jest.setTimeout(Trial.timeoutMs);

const SETTINGS = form<readonly Setting[]>(['postgres', 'postgres+redis'], ['postgres+redis']);
const WORKERS = 3;
const CLIENTS = form(16, 8);
/** Histories at once, and operations of each. */
const KEYS = form(10, 4);
const OPERATIONS = form(300, 60);
/** Keys to which clients append, each one after the other's accept, without waiting for results. */
const LINES = 2;
const SENDERS = 2;
const APPENDS = form(60, 20);
const PAUSE_MS = form(1_500, 700);
const LEASE_MS = 1_000;
const WORKER: WorkerOptions = {
  lease: LEASE_MS,
  sweepInterval: '50ms',
  concurrency: 20,
  maxDeaths: 1_000,
};

describe.each(SETTINGS)('S40 on %s, objects as registers while workers and links break', setting => {
  const trial = new Trial('S40', `on ${setting}`, 3_000);
  const random = new SeededRandom(trial.random.seed);
  let scene: Scene;
  let dispatcher: WorkerProcess;
  let havoc: Havoc;

  beforeAll(async () => {
    scene = await Scene.open(setting, { worker: WORKER, spare: 2, trial });
    dispatcher = await scene.start({ worker: false });
    const redis = setting === 'postgres+redis' && { redis: SHARED_REDIS };
    havoc = new Havoc({ scene, leaseMs: LEASE_MS, ...redis }, trial, random);
    await havoc.start(WORKERS);
  });

  afterAll(async () => {
    await scene.close();
    await havoc.close();
    trial.report();
  });

  it('reads, writes, exchanges and appends of one key have one order, and all that was sent is there once', async () => {
    const breaks = havoc.run(() => havoc.whileOf(PAUSE_MS));
    try {
      for (let round = 0; trial.goesOn() || round === 0; round++) {
        await Promise.all([
          expectOneOrder(`${round}`),
          ...Array.from({ length: LINES }, (_, at) => expectInLine(`${round} line ${at}`)),
        ]);
      }
    } finally {
      havoc.end();
      await breaks;
    }
    trial.count('leases lost', scene.workers.filter(hasLostLease).length);
    trial.total('invocations accepted', (await scene.records()).invocations.length);
    expect(trial.counted('answered')).toBeGreaterThan(trial.counted('operations') / 2);
    expect(trial.counted('worker kills') + trial.counted('worker stops')).toBeGreaterThan(0);
  });

  /** One history of each of several keys, at once. */
  async function expectOneOrder(round: string): Promise<void> {
    const histories = Array.from({ length: KEYS }, (_, at): History => ({
      key: `${round}.${at}`,
      operations: [],
    }));
    const clients = new RegisterClients(histories, OPERATIONS, () => havoc.workers, random);
    await Promise.all(Array.from({ length: CLIENTS }, (_, at) => clients.operate(`${at}`)));
    for (const history of histories) {
      const { key, operations } = history;
      const from = performance.now();
      const answer = await dispatcher.ask<Answer>(register(key, { op: 'read' }, `last ${key}`));
      operations.push({ call: { op: 'read' }, from, answered: { at: performance.now(), answer } });
      expect(explain(REGISTER, operations)).toBeUndefined();
      expect(doubled(history)).toEqual([]);
      trial.count('histories');
      trial.count('operations', operations.length);
      trial.count('answered', operations.filter(({ answered }) => answered).length);
    }
  }

  /** What several senders append, each one after the other's accept, is there once, and in each one's order. */
  async function expectInLine(key: string): Promise<void> {
    const sent = Array.from({ length: SENDERS }, (_, sender) =>
      Array.from({ length: APPENDS }, (__, nth) => `${sender}.${nth}`),
    );
    const sendAll = async (values: readonly string[]): Promise<void> => {
      for (const value of values) await dispatcher.ask({ do: 'append', object: key, value });
    };
    await Promise.all(sent.map(sendAll));
    const text = await dispatcher.ask<string>(register(key, { op: 'append', value: 'end' }, `end ${key}`));
    const values = text.split(',').slice(1, -1);
    expect(values).toHaveLength(SENDERS * APPENDS);
    for (const own of sent) expect(values.filter(value => own.includes(value))).toEqual(own);
    trial.count('appended in line', values.length);
  }
});
