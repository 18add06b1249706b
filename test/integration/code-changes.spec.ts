import type { Type } from '@nestjs/common';
import { DurableContext, DurableService, Handler } from '../../lib/index.js';
import { Applications, type Running } from '../support/applications.js';
import { until } from '../support/until.js';

/** Steps that ran, as `version: step of invocation`. */
let effects: string[] = [];

/** What a version of the handler calls before it waits for `go`. */
const ORIGINAL = ['reserve', 'charge', 'mail'] as const;

/** Versions of it that no recorded journal fits, with what is recorded and called where they differ first. */
const CHANGES: readonly (readonly [string, readonly string[], number, string, string])[] = [
  ['reordered', ['charge', 'reserve', 'mail'], 0, 'reserve', 'charge'],
  ['renamed', ['reserve', 'pay', 'mail'], 1, 'charge', 'pay'],
  ['given one more', ['reserve', 'check', 'charge', 'mail'], 1, 'charge', 'check'],
  ['given one more in front', ['check', 'reserve', 'charge', 'mail'], 0, 'reserve', 'check'],
  ['short of one', ['reserve', 'mail'], 1, 'charge', 'mail'],
  ['short of the last one', ['reserve', 'charge'], 2, 'mail', 'go'],
  ['changed in kind', ['reserve', 'sleep', 'mail'], 1, 'charge', ''],
  ['without any', [], 0, 'reserve', 'go'],
];

/** The service as one version of the application has it. */
function version(label: string, steps: readonly string[]): Type {
  @DurableService({ name: 'orders' })
  class Orders {
    constructor(private readonly durable: DurableContext) {}

    @Handler({ name: 'place' })
    async place(n: number): Promise<string> {
      for (const step of steps) await this.call(step, n);
      await this.durable.signal('go');
      return this.durable.run('ship', () => (effects.push(`${label}: ship of ${n}`), `${label} ${n}`));
    }

    private call(step: string, n: number): Promise<unknown> {
      if (step === 'sleep') return this.durable.sleep(0);
      return this.durable.run(step, () => void effects.push(`${label}: ${step} of ${n}`));
    }
  }
  return Orders;
}

interface Placed {
  place(n: number): Promise<string>;
}

let applications: Applications;
let schemas = 0;
beforeAll(async () => {
  applications = await Applications.open();
});
beforeEach(() => (effects = []));
afterAll(() => applications.close());

function start(service: Type, schema: string): Promise<Running> {
  return applications.start({ schema, providers: [service], durable: { worker: { residency: 0 } } });
}

const waits = (running: Running, id: string): Promise<void> =>
  until('it waits', async () => (await running.client.get(id).status()).status === 'suspended');

describe('S30 an invocation whose code has changed', () => {
  it.each(CHANGES)(
    'is paused with both signatures, executes nothing, and goes on with the code it began with: %s',
    async (_, steps, index, recorded, called) => {
      const [old, changed] = [version('old', ORIGINAL), version('new', steps)];
      const schema = `changed_${++schemas}`;
      const before = await start(old, schema);
      const { id } = await before.client.send(old as Type<Placed>).place(1);
      await waits(before, id);
      await before.close();
      expect(effects.splice(0)).toEqual(ORIGINAL.map(step => `old: ${step} of 1`));

      const after = await start(changed, schema);
      await after.client.signal(id, 'go');
      const status = (): ReturnType<ReturnType<typeof after.client.get>['status']> =>
        after.client.get(id).status();
      await until('it is paused', async () => (await status()).status === 'paused');
      expect((await status()).error).toMatchObject({
        code: 'DURABLE_JOURNAL_MISMATCH',
        index,
        recorded: { kind: 'step', name: recorded },
        called: { name: called },
      });
      expect(effects).toEqual([]);
      await after.close();

      const again = await start(old, schema);
      await again.client.resume(id);
      expect(await again.client.get(id).result({ timeout: '20s' })).toBe('old 1');
      expect(effects).toEqual(['old: ship of 1']);
      await again.close();
    },
  );

  it('goes on with new code that only adds behind what it has recorded', async () => {
    const old = version('old', ORIGINAL.slice(0, 2));
    const schema = `changed_${++schemas}`;
    const before = await start(old, schema);
    const { id } = await before.client.send(old as Type<Placed>).place(1);
    await waits(before, id);
    await before.close();
    const after = await start(version('new', ORIGINAL.slice(0, 2)), schema);
    await after.client.signal(id, 'go');
    expect(await after.client.get(id).result({ timeout: '20s' })).toBe('new 1');
    expect(effects.filter(effect => effect.startsWith('new'))).toEqual(['new: ship of 1']);
    await after.close();
  });

  it('is driven by old and new workers side by side: each one ends on the code it fits, every effect once', async () => {
    const [old, changed] = [version('old', ORIGINAL), version('new', ['reserve', 'pay', 'mail'])];
    const schema = `changed_${++schemas}`;
    const [one, other] = [await start(old, schema), await start(changed, schema)];
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    // Whoever accepts them begins them.
    const ids = await Promise.all(
      numbers.map(async n => {
        const [{ client }, service] = n % 2 ? [one, old] : [other, changed];
        return (await client.send(service as Type<Placed>).place(n)).id;
      }),
    );
    await Promise.all(ids.map(id => waits(one, id)));
    await Promise.all(ids.map(id => one.client.signal(id, 'go')));
    const status = async ({ client }: Running, id: string): Promise<string> =>
      (await client.get(id).status()).status;
    const isAtRest = async (id: string): Promise<boolean> =>
      ['completed', 'paused'].includes(await status(one, id));
    await until(
      'all are at rest',
      async () => !(await Promise.all(ids.map(isAtRest))).includes(false),
      20_000,
    );

    // Those that met the other code go on once theirs is there, and alone.
    const finish = async (running: Running, own: readonly string[]): Promise<void> => {
      for (const id of own) if ((await status(running, id)) === 'paused') await running.client.resume(id);
      await until('they are done', async () =>
        (await Promise.all(own.map(id => status(running, id)))).every(is => is === 'completed'),
      );
    };
    await other.close();
    await finish(
      one,
      ids.filter((_, n) => n % 2 === 1),
    );
    await one.close();
    const last = await start(changed, schema);
    await finish(
      last,
      ids.filter((_, n) => n % 2 === 0),
    );
    const results = await Promise.all(ids.map(id => last.client.get<string>(id).result({ timeout: '20s' })));
    expect(results).toEqual(numbers.map(n => `${n % 2 ? 'old' : 'new'} ${n}`));
    expect(new Set(effects).size).toBe(effects.length);
    expect(effects).toHaveLength(4 * numbers.length);
  }, 90_000);
});
