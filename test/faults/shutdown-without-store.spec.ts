import { jest } from '@jest/globals';
import { startPostgres } from '../../scripts/servers.mjs';
import type { Plan } from '../apps/faults/protocol.js';
import { Scene } from './support/scene.js';
import { Trial } from './support/trial.js';

jest.setTimeout(Trial.timeoutMs);

const PLAN: Plan = { steps: [{ name: 'one' }, { name: 'held', hold: 'never' }] };
const DRAIN_MS = 500;
/** What each of the parts that wait for the store may take, and a busy machine. */
const ENDS_WITHIN_MS = 30_000;
const WAYS = [
  ['is down', 'SIGKILL'],
  ['hangs', 'SIGSTOP'],
] as const;
type Way = (typeof WAYS)[number][1];

/** What came of two processes, one of which ran a step, that were to end while PostgreSQL did not answer. */
interface Outcome {
  readonly codes: readonly (number | null)[];
  readonly ms: number;
  /** What the invocation resolved to, and how often its steps were begun, once PostgreSQL was back. */
  readonly results: number;
  readonly begun: readonly string[];
}

async function story(way: Way, trial: Trial): Promise<Outcome> {
  const server = await startPostgres({ fsync: false });
  const worker = { drainTimeout: DRAIN_MS, lease: '2s' } as const;
  const scene = await Scene.open('postgres', { postgres: server.url, worker, trial });
  try {
    const busy = await scene.start();
    const idle = await scene.start();
    const id = await busy.send(PLAN);
    await scene.witnessed('a step runs', lines =>
      lines.some(({ name, phase }) => name === 'held' && phase === 'start'),
    );
    await server.kill(way);
    const began = performance.now();
    const exits = await Promise.all([busy.shutDown(), idle.shutDown()]);
    const ms = performance.now() - began;
    await (way === 'SIGSTOP' ? server.kill('SIGCONT') : server.restart());
    if (way !== 'SIGSTOP') trial.total('PostgreSQL restarts');
    const heir = await scene.start({ open: ['never'] });
    const results = (await heir.result(id)).length;
    const begun = scene.ledger.begun('step').map(({ name }) => name);
    return { codes: exits.map(({ code }) => code), ms, results, begun };
  } finally {
    await server.kill('SIGCONT');
    await scene.close();
    await server.stop();
  }
}

describe('S23 a process that is to end while PostgreSQL', () => {
  const trial = new Trial('S23', 'while PostgreSQL is away');
  const stories = new Map<Way, Promise<Outcome>>();

  // Both at once: they wait most of the time.
  beforeAll(() => {
    for (const [, way] of WAYS) stories.set(way, story(way, trial));
    return Promise.allSettled(stories.values());
  });

  afterAll(() => trial.report());

  it.each(WAYS)('%s ends by itself with code 0, and what it drove is gone on with', async (_, way) => {
    const { ms, ...outcome } = (await stories.get(way)) as Outcome;
    // The step that ran was given up without a word, and is begun again; the one before is not.
    expect(outcome).toEqual({ codes: [0, 0], results: 2, begun: ['one', 'held', 'held'] });
    expect(ms).toBeLessThan(ENDS_WITHIN_MS);
  });
});
