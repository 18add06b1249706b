import { Trial } from '../faults/support/trial.js';
import { Child } from '../support/child.js';
import { form } from '../support/form.js';
import { createScratchDatabase, type ScratchDatabase } from '../support/scratch-database.js';
import { until } from '../support/until.js';

/** Compiled by `npm run build:apps`; by its path from `test/apps`. */
const APP = '../../.build/test/apps/sleeping-worker.js';
const COUNT = form(50_000, 15_000);
/** What the process may hold of each: the hint when it is due, and its place in a queue. */
const MOST_BYTES_EACH = form(300, 400);

describe('S25 sleeping invocations', () => {
  const trial = new Trial('S25', 'sleeping invocations', 0);
  let database: ScratchDatabase;
  let worker: Child;

  beforeAll(async () => {
    database = await createScratchDatabase();
    worker = new Child(APP, [database.url]);
    expect(await worker.receive()).toBe('ready');
  }, 120_000);
  afterAll(async () => {
    await worker.kill();
    await database.drop();
    trial.report();
  });

  const ask = async (request: object): Promise<number> => {
    worker.send({ ...request });
    return (await worker.receive()) as number;
  };

  test('leave the heap of the worker where it was, and wake up', async () => {
    trial.goesOn();
    const tomorrow = Date.now() + 24 * 3_600_000;
    // Code is compiled and pools are filled by the first of them.
    await ask({ kind: 'send', count: 2_000, at: tomorrow });
    const before = await ask({ kind: 'heap' });

    await ask({ kind: 'send', count: COUNT, at: tomorrow + 1 });
    const grown = (await ask({ kind: 'heap' })) - before;
    trial.count('asleep', COUNT);
    trial.count('bytes of heap each', Math.round(grown / COUNT));
    expect(grown).toBeLessThan(COUNT * MOST_BYTES_EACH);

    const soon = Date.now() + 3_000;
    await ask({ kind: 'send', count: 500, at: soon });
    await until('all have gone on', async () => (await ask({ kind: 'status', at: soon })) === 500, 20_000);
    expect(await ask({ kind: 'status', at: tomorrow })).toBe(0);
  }, 120_000);
});
