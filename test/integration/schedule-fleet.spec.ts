import { applyDecorators } from '@nestjs/common';
import { readInput } from '../../lib/engine/scheduled-input.js';
import { DurableService, Handler, Schedule } from '../../lib/index.js';
import { slotsOutOfTurn } from '../faults/support/order-checks.js';
import { Trial } from '../faults/support/trial.js';
import { Applications, type Running } from '../support/applications.js';
import { form } from '../support/form.js';
import { until } from '../support/until.js';

const EVERY_MS = 100;
const NODES = 4;
const BOOTS = form(20, 8);
/** Declared beside those that the test looks at, by all versions. */
const MANY = Array.from({ length: 47 }, (_, at) => `many ${at + 10}`);

@DurableService({ name: 'Fleet' })
class Old {
  @Schedule({ every: EVERY_MS }, { name: 'often', overlap: 'allow', catchUp: 'all', args: ['old'] })
  @Handler()
  async often(version: string): Promise<string> {
    return version;
  }

  @Schedule('@monthly', { name: 'removed' })
  @Schedule('@monthly', { name: 'kept' })
  @Handler()
  async rarely(): Promise<void> {}
}

@DurableService({ name: 'Fleet' })
class Young {
  @Schedule({ every: EVERY_MS }, { name: 'often', overlap: 'allow', catchUp: 'all', args: ['young'] })
  @Handler()
  async often(version: string): Promise<string> {
    return version;
  }

  @Schedule('@monthly', { name: 'kept' })
  @Schedule('@monthly', { name: 'added' })
  @Handler()
  async rarely(): Promise<void> {}
}

@DurableService()
class Steady {
  @applyDecorators(...MANY.map(name => Schedule('@yearly', { name })))
  @Handler()
  async work(): Promise<void> {}
}

const NAMES = new Map<unknown, readonly string[]>([
  [Old, ['kept', 'often', 'removed']],
  [Young, ['added', 'kept', 'often']],
]);

/** The slots that an invocation was started for, by all nodes. */
async function slots({ backend: { store, codec } }: Running): Promise<number[]> {
  const records = await store.list({ service: 'Fleet', handler: 'often', limit: 10_000 });
  return records
    .flatMap(({ input }) => readInput(codec.decode(input)).slot?.scheduledFor ?? [])
    .sort((a, b) => a - b);
}

/** A deployment that goes on and is rolled back, in any order. */
describe('S20 nodes of two versions that are started again and again', () => {
  const trial = new Trial('S20', 'a deployment that goes on and back', 0);
  let applications: Applications;
  beforeAll(async () => {
    applications = await Applications.open();
  });
  afterAll(async () => {
    await applications.close();
    trial.report();
  });

  it('no slot is doubled or left out, no definition is lost, and in the end the schedules are those that live', async () => {
    trial.goesOn();
    const { random } = trial;
    const nodes: ({ running: Running; version: typeof Old | typeof Young } | undefined)[] = [];
    const start = async (at: number, version: typeof Old | typeof Young): Promise<void> => {
      await nodes[at]?.running.close();
      const durable = { worker: { lease: '1s' } } as const;
      nodes[at] = {
        version,
        running: await applications.start({ schema: 'fleet', durable, providers: [version, Steady] }),
      };
    };
    const listed = async (): Promise<string[]> => {
      const live = nodes.find(node => node !== undefined)!;
      return (await live.running.client.schedules.list()).map(({ name }) => name);
    };

    // Two at once is what a deployment does.
    for (let boot = 0; boot < BOOTS; boot += 2) {
      const at = random.between(0, NODES - 1);
      const versions = [random.between(0, 1) ? Old : Young, random.between(0, 1) ? Old : Young] as const;
      await Promise.all([start(at, versions[0]), start((at + 1) % NODES, versions[1])]);
      const names = await listed();
      const live = nodes.flatMap(node => NAMES.get(node?.version) ?? []);
      expect(names).toEqual(expect.arrayContaining([...new Set(live), ...MANY]));
    }

    // The last one that starts is old, and goes: what it declared goes with it.
    for (const [at, node] of nodes.entries()) if (node?.version === Old) await start(at, Young);
    await start(1, Young);
    await start(0, Old);
    expect(await listed()).toContain('removed');
    await nodes[0]?.running.close();
    nodes[0] = undefined;
    const { client } = nodes[1]!.running;
    await until(
      'the schedules are those of the living',
      async () => !(await listed()).includes('removed'),
      20_000,
    );
    expect(await listed()).toEqual(['added', 'kept', ...MANY, 'often']);
    const version = async () => (await client.schedules.trigger<string>('often')).result();
    await until('the definition is that of the living', async () => (await version()) === 'young', 20_000);

    const started = await slots(nodes[1]!.running);
    await until(
      'it goes on',
      async () => (await slots(nodes[1]!.running)).length > started.length + 3,
      20_000,
    );
    const sorted = await slots(nodes[1]!.running);
    // Each in its turn: none twice, none left out.
    const astray = slotsOutOfTurn(sorted, EVERY_MS);
    trial.total('schedule slots', sorted.length);
    trial.total('doubled or missed slots', astray.length);
    expect(astray).toEqual([]);
    expect(sorted.length).toBeGreaterThan(BOOTS);
    trial.count('boots', BOOTS);
    trial.count('schedules', (await listed()).length);
  }, 120_000);
});
