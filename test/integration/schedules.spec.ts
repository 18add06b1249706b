import {
  CancelledError,
  DurableContext,
  DurableService,
  Handler,
  ObjectState,
  Schedule,
  ScheduleDeclaredError,
  ScheduleNotFoundError,
  Shared,
  VirtualObject,
} from '../../lib/index.js';
import { BACKENDS, Stage, type Staged } from '../support/stage.js';
import { until } from '../support/until.js';

const EVERY_MS = 100;

/** What has run, in this process: the slots by handler, and how it ended. */
const runs: { what: string; slot: number | undefined }[] = [];
const slotsOf = (what: string) => runs.filter(run => run.what === what).map(({ slot }) => slot);

@DurableService()
class Reports {
  constructor(private readonly durable: DurableContext) {}

  @Schedule(
    { every: EVERY_MS },
    { name: 'often', args: ['eu', new Date(0)], overlap: 'allow', catchUp: 'all' },
  )
  @Handler()
  async often(region: string, since: Date): Promise<string> {
    const { schedule, scheduledFor } = this.durable.invocation;
    runs.push({ what: `${schedule} ${region} ${since.getTime()}`, slot: scheduledFor?.getTime() });
    return 'done';
  }

  @Schedule('0 0 1 1 *')
  @Schedule('0 0 1 7 *', { name: 'summer', timeZone: 'Europe/Berlin' })
  @Handler()
  async yearly(): Promise<void> {}

  @Handler()
  async note(what: string): Promise<string> {
    const { schedule, scheduledFor } = this.durable.invocation;
    await this.durable.sleep(5);
    // The same after the suspension.
    expect(this.durable.invocation).toMatchObject({ ...(schedule && { schedule, scheduledFor }) });
    runs.push({ what, slot: scheduledFor?.getTime() });
    return what;
  }

  @Handler()
  async wait(what: string): Promise<void> {
    const slot = this.durable.invocation.scheduledFor?.getTime();
    const note = (how: string) =>
      this.durable.run(how, () => void runs.push({ what: `${what} ${how}`, slot }));
    await note('began');
    try {
      await this.durable.signal('go');
    } catch (error) {
      if (error instanceof CancelledError) await note('cancelled');
      throw error;
    }
  }
}

@VirtualObject()
class Counter {
  constructor(private readonly state: ObjectState<{ count: number }>) {}

  @Handler()
  async add(): Promise<void> {
    await this.state.set('count', (this.state.get('count') ?? 0) + 1);
  }

  @Shared()
  async count(): Promise<number> {
    return this.state.get('count') ?? 0;
  }
}

const PROVIDERS = { providers: [Reports, Counter] };

describe.each(BACKENDS)('schedules on %s', backend => {
  let stage: Stage;
  let staged: Staged;
  let other: Staged | undefined;
  let names = 0;
  const fresh = (): string => `${backend} ${++names}`;

  beforeAll(async () => {
    stage = await Stage.open(backend);
    staged = await stage.start(PROVIDERS);
    if (backend !== 'embedded') other = await stage.start(PROVIDERS);
  });
  afterAll(() => stage.close());
  beforeEach(() => void runs.splice(0));

  const go = async (id: string | null): Promise<unknown> => staged.client.signal(id!, 'go');
  const began = (what: string, times: number) =>
    until(`${what} began ${times} times`, () => slotsOf(`${what} began`).length >= times);

  it('starts a declared one once for each slot, with its arguments, never early', async () => {
    const what = 'often eu 0';
    await until('it has run', () => slotsOf(what).length >= 8);
    const slots = slotsOf(what) as number[];
    const now = Date.now();
    const sorted = [...slots].sort((a, b) => a - b);
    const first = sorted[0]!;
    expect(first % EVERY_MS).toBe(0);
    expect(sorted.at(-1)).toBeLessThanOrEqual(now);
    expect(sorted).toEqual(sorted.map((_, at) => first + at * EVERY_MS));
    const info = await staged.client.schedules.get('often');
    expect(info).toMatchObject({ service: 'Reports', handler: 'often', isDeclared: true, everyMs: EVERY_MS });
    expect(info.lateByMs).toBeGreaterThanOrEqual(0);
    expect(info.lateByMs).toBeLessThan(10_000);
    expect(await staged.client.get(info.lastInvocationId!).result()).toBe('done');
  });

  it('lists what is declared and what was created', async () => {
    const list = await staged.client.schedules.list();
    const declared = list.filter(({ isDeclared }) => isDeclared);
    expect(declared.map(({ name }) => name)).toEqual(['Reports.yearly', 'often', 'summer']);
    const year = new Date().getUTCFullYear();
    const newYear = new Date(Date.UTC(year + 1, 0));
    expect(declared[0]).toMatchObject({
      cron: '0 0 1 1 *',
      timeZone: 'UTC',
      overlap: 'skip',
      nextAt: newYear,
    });
    expect(declared[2]!.nextAt!.toISOString()).toMatch(/-06-30T22:00:00/);
    await expect(staged.client.schedules.delete('summer')).rejects.toThrow(ScheduleDeclaredError);
  });

  it('creates one, pauses it, resumes it, triggers it, deletes it', async () => {
    const { schedules } = staged.client;
    const name = fresh();
    const created = await schedules.create(Reports, { name, every: EVERY_MS, catchUp: 'all' }).note(name);
    expect(created).toMatchObject({
      name,
      service: 'Reports',
      handler: 'note',
      isDeclared: false,
      skipped: 0,
    });
    await until('it has run twice', () => slotsOf(name).length >= 2);
    await schedules.pause(name);
    const paused = await schedules.get(name);
    expect(paused).toMatchObject({ isPaused: true, nextAt: null });
    // What was started before is there soon; then nothing comes.
    await staged.client.get(paused.lastInvocationId!).result();
    const before = slotsOf(name).length;
    const handle = await schedules.trigger<string>(name);
    expect(await handle.result()).toBe(name);
    expect(slotsOf(name).slice(before)).toEqual([undefined]);
    const resumedAt = Date.now();
    await schedules.resume(name);
    await until('it has run again', () => slotsOf(name).length > before + 1);
    // By the database's clock, which is that of this machine; what was missed is not caught up.
    expect(Math.min(...(slotsOf(name).slice(before + 1) as number[]))).toBeGreaterThan(resumedAt - EVERY_MS);
    await schedules.delete(name);
    for (const use of ['get', 'pause', 'resume', 'trigger', 'delete'] as const)
      await expect(schedules[use](name)).rejects.toThrow(ScheduleNotFoundError);
  });

  it('skip: slots that come while one runs are passed and counted', async () => {
    const { schedules } = staged.client;
    const name = fresh();
    await schedules.create(Reports, { name, every: EVERY_MS }).wait(name);
    await began(name, 1);
    await until('slots were passed', async () => (await schedules.get(name)).skipped >= 3);
    expect(slotsOf(`${name} began`)).toHaveLength(1);
    await go((await schedules.get(name)).lastInvocationId);
    await began(name, 2);
    await schedules.delete(name);
    const [first, second] = slotsOf(`${name} began`) as [number, number];
    expect(second - first).toBeGreaterThanOrEqual(4 * EVERY_MS);
  });

  it('queue: they wait, and start one after the other, none left out', async () => {
    const { schedules } = staged.client;
    const name = fresh();
    await schedules.create(Reports, { name, every: EVERY_MS, overlap: 'queue' }).wait(name);
    await began(name, 1);
    await until(
      'the second slot is over',
      async () => (await schedules.get(name)).nextAt!.getTime() < Date.now() - 150,
    );
    for (let n = 1; n <= 3; n++) {
      expect(slotsOf(`${name} began`)).toHaveLength(n);
      await go((await schedules.get(name)).lastInvocationId);
      await began(name, n + 1);
    }
    await schedules.delete(name);
    const slots = slotsOf(`${name} began`) as number[];
    expect(slots).toEqual(slots.map((_, at) => slots[0]! + at * EVERY_MS));
  });

  it('cancelPrevious: the one before is asked to cancel, and the next one starts', async () => {
    const { schedules } = staged.client;
    const name = fresh();
    await schedules.create(Reports, { name, every: 300, overlap: 'cancelPrevious' }).wait(name);
    await began(name, 3);
    await schedules.delete(name);
    await until('two are cancelled', () => slotsOf(`${name} cancelled`).length >= 2);
    expect(slotsOf(`${name} cancelled`).slice(0, 2)).toEqual(slotsOf(`${name} began`).slice(0, 2));
  });

  it('addresses an object by its key', async () => {
    const { client } = staged;
    const name = fresh();
    await client.schedules.create(Counter, { name, every: EVERY_MS, key: name, overlap: 'allow' }).add();
    await until('it has counted', async () => (await client.call(Counter, { key: name }).count()) >= 3);
    await client.schedules.delete(name);
  });

  it('goes on where it was after a restart', async () => {
    const what = 'often eu 0';
    await until('it has run', () => slotsOf(what).length > 0);
    await Promise.all([staged.close(), other?.close()]);
    const last = Math.max(...(slotsOf(what) as number[]));
    await new Promise(resolve => setTimeout(resolve, 3 * EVERY_MS));
    staged = await stage.start(PROVIDERS);
    await until('it has caught up', () => slotsOf(what).filter(slot => slot! > last).length >= 5);
    const slots = (slotsOf(what) as number[]).sort((a, b) => a - b);
    expect(slots).toEqual(slots.map((_, at) => slots[0]! + at * EVERY_MS));
  });
});
