import { setTimeout as sleep } from 'node:timers/promises';
import { v4, v7 as uuid } from 'uuid';
import type { CatchUp } from '../../../lib/engine/schedule.js';
import type {
  DeclaredSchedule,
  Firing,
  ScheduleDefinition,
  UpcomingSchedule,
} from '../../../lib/ports/schedules.js';
import { times } from './scene.js';
import type { Scene } from './scene.js';

const HOUR = 3_600_000;

/** Schedules of one test, beside those of others. */
class Plans {
  constructor(readonly s: Scene) {}

  get store() {
    return this.s.store.schedules;
  }

  definition(over: Partial<ScheduleDefinition> = {}): ScheduleDefinition {
    const base = {
      name: `schedule ${uuid()}`,
      service: this.s.service,
      handler: 'run',
      kind: 'service',
    } as const;
    const timing = { cron: null, timeZone: null, everyMs: 1_000 };
    return { ...base, key: null, input: '[1]', ...timing, overlap: 'skip', catchUp: 'last', ...over };
  }

  declared(over: Partial<DeclaredSchedule> = {}, nextInMs = HOUR) {
    const nextAt = new Date(Date.now() + nextInMs);
    return { ...this.definition(over), digest: v4(), nextAt, ...over };
  }

  /** Creates a schedule whose next slot was or will be at a whole second. */
  async created(ageMs: number, over: Partial<ScheduleDefinition> = {}) {
    const nextAt = new Date(Math.floor((Date.now() - ageMs) / 1_000) * 1_000);
    const definition = this.definition(over);
    expect(await this.store.create(definition, nextAt)).toBe('ok');
    return { ...definition, nextAt };
  }

  async upcoming(limit = 100): Promise<readonly UpcomingSchedule[]> {
    return (await this.store.upcoming([this.s.service], limit)).schedules;
  }

  async record(name: string) {
    const record = await this.store.find(name);
    if (!record) throw new Error(`no schedule ${name}`);
    return record;
  }

  firing({ name, nextAt }: { name: string; nextAt: Date }, over: Partial<Firing> = {}): Firing {
    const starts = [{ slot: nextAt, invocation: this.s.invocation() }];
    const then = new Date(nextAt.getTime() + HOUR);
    return { name, revision: 1, nextAt, then, starts, skips: false, ...over };
  }

  /** Registers a worker that declares schedules. */
  worker(id: string, schedules: readonly DeclaredSchedule[], leaseMs = 60_000): Promise<void> {
    const declared = Object.fromEntries(schedules.map(({ name, digest }) => [name, digest]));
    const worker = { id, host: 'host', pid: 1, services: [this.s.service], schedules: declared };
    return this.s.store.register(worker, leaseMs);
  }

  astray(...names: string[]): Promise<boolean> {
    return this.store.isAstray([this.s.service], names);
  }
}

/** What starts invocations by the clock. */
export function describeSchedules(scene: () => Scene): void {
  const plans = () => new Plans(scene());

  describe('schedules', () => {
    test('are kept as they were created, under names that are in use once', async () => {
      const p = plans();
      const cron = { cron: '0 3 * * *', timeZone: 'Europe/Berlin', everyMs: null };
      const catchUps: CatchUp[] = ['last', 'none', 'all', 90_000];
      for (const catchUp of catchUps) {
        const one = await p.created(0, {
          ...cron,
          catchUp,
          key: 'ключ',
          overlap: 'queue',
          kind: 'exclusive',
        });
        const { nextAt, ...definition } = one;
        expect(await p.record(one.name)).toMatchObject({
          ...definition,
          ...{ nextAt, revision: 1, isDeclared: false, isPaused: false, skipped: 0 },
          ...{ lastAt: null, lastInvocationId: null, lateByMs: null },
        });
        expect(await p.store.create({ ...definition, input: '[2]' }, nextAt)).toBe('exists');
        expect((await p.record(one.name)).input).toBe('[1]');
      }
      expect(await p.store.find('another')).toBeUndefined();
    });

    test('that are due come first, with one that will be, of the services that are asked for', async () => {
      const p = plans();
      const later = await p.created(-2 * HOUR);
      const soon = await p.created(-HOUR);
      const older = await p.created(HOUR);
      const old = await p.created(0);
      const names = async (limit?: number) => (await p.upcoming(limit)).map(({ name }) => name);
      expect(await names()).toEqual([older.name, old.name, soon.name]);
      expect(await names(1)).toEqual([older.name, soon.name]);
      await p.store.pause(older.name);
      await p.store.pause(soon.name);
      expect(await names()).toEqual([old.name, later.name]);
      expect((await p.store.upcoming(['another'], 10)).schedules).toEqual([]);
      const { now } = await p.store.upcoming([], 10);
      expect(Math.abs(now.getTime() - Date.now())).toBeLessThan(60_000);
    });

    test('fire: the invocations are accepted and the next slot is set, and once only', async () => {
      const p = plans();
      const one = await p.created(5_000);
      const firing = p.firing(one);
      const { id } = firing.starts[0]!.invocation;
      expect(await p.store.fire(firing)).toBe('ok');
      expect(await p.s.record(id)).toMatchObject({ status: 'scheduled', input: '[1]' });
      const record = await p.record(one.name);
      expect(record).toMatchObject({ nextAt: firing.then, lastAt: one.nextAt, lastInvocationId: id });
      expect(record.lateByMs).toBeGreaterThanOrEqual(5_000);
      expect(record.lateByMs).toBeLessThan(60_000);
      const again = p.firing(one);
      expect(await p.store.fire(again)).toBe('lost');
      expect(await p.s.store.find(again.starts[0]!.invocation.id)).toBeUndefined();
      // The answer of a commit was lost: the slot has its invocation already.
      await p.store.resume(one.name, 1, one.nextAt);
      const early = p.firing({ name: one.name, nextAt: firing.then! });
      expect(await p.store.fire(early)).toBe('lost');
    });

    test('fire: a slot whose invocation exists does not start another one', async () => {
      const p = plans();
      const one = await p.created(0);
      const invocation = p.s.invocation({ input: '["first"]' });
      await p.s.accept(invocation);
      const starts = [{ slot: one.nextAt, invocation: { ...invocation, input: '["second"]' } }];
      expect(await p.store.fire(p.firing(one, { starts }))).toBe('ok');
      expect((await p.s.record(invocation.id)).input).toBe('["first"]');
      expect((await p.record(one.name)).lastInvocationId).toBe(invocation.id);
    });

    test('fire: slots that are passed are counted, and the last one stays', async () => {
      const p = plans();
      const one = await p.created(5_000);
      await p.store.fire(p.firing(one, { then: new Date(one.nextAt.getTime() + 1_000) }));
      const { lastInvocationId, lateByMs } = await p.record(one.name);
      const [due] = await p.upcoming();
      const passing = p.firing({ name: one.name, nextAt: due!.nextAt }, { starts: [], skips: true });
      expect(await p.store.fire(passing)).toBe('ok');
      expect(await p.record(one.name)).toMatchObject({
        ...{ skipped: 1, nextAt: passing.then, lastAt: one.nextAt, lastInvocationId, lateByMs },
      });
    });

    test('fire: refused before the time, while it is paused, of another revision, and after the end', async () => {
      const p = plans();
      const later = await p.created(-HOUR);
      expect(await p.store.fire(p.firing(later))).toBe('lost');
      const one = await p.created(0);
      expect(await p.store.fire(p.firing(one, { revision: 2 }))).toBe('lost');
      await p.store.pause(one.name);
      expect(await p.store.fire(p.firing(one))).toBe('lost');
      await p.store.resume(one.name, 1, one.nextAt);
      expect(await p.store.fire(p.firing(one, { then: null }))).toBe('ok');
      expect((await p.upcoming()).map(({ name }) => name)).toEqual([later.name]);
      await p.store.remove(one.name);
      expect(await p.store.fire(p.firing(one))).toBe('lost');
    });

    test('know whether the last invocation is over', async () => {
      const p = plans();
      const one = await p.created(HOUR);
      const firing = p.firing(one, { then: one.nextAt });
      const { id } = firing.starts[0]!.invocation;
      expect(await p.upcoming()).toMatchObject([{ isLive: false, finishedAt: null }]);
      await p.store.fire(firing);
      expect(await p.upcoming()).toMatchObject([{ isLive: true, finishedAt: null }]);
      await p.s.register(60_000);
      await p.s.move(p.s.transition(await p.s.take(id), 'completed', { output: '1' }));
      const { finishedAt } = await p.s.record(id);
      expect(await p.upcoming()).toMatchObject([{ isLive: false, finishedAt }]);
    });

    test('fire: an exclusive one queues for its object', async () => {
      const p = plans();
      const object = p.s.object();
      const one = await p.created(0, { kind: 'exclusive', key: object.key });
      const make = () => p.s.exclusive(object, { owner: null });
      const starts = times(3, n => ({ slot: new Date(n), invocation: make() }));
      expect(await p.store.fire(p.firing(one, { starts }))).toBe('ok');
      const dueAt = await Promise.all(
        starts.map(async ({ invocation }) => (await p.s.record(invocation.id)).dueAt),
      );
      expect(dueAt.map(date => date !== null)).toEqual([true, false, false]);
    });

    test('paused ones go on with the slot they are given', async () => {
      const p = plans();
      const one = await p.created(HOUR);
      const later = new Date(Date.now() + HOUR);
      expect(await p.store.resume(one.name, 1, later)).toBe('ok');
      expect((await p.record(one.name)).nextAt).toEqual(one.nextAt);
      expect(await p.store.pause(one.name)).toBe('ok');
      expect(await p.upcoming()).toEqual([]);
      expect(await p.store.resume(one.name, 2, later)).toBe('lost');
      expect(await p.store.resume(one.name, 1, later)).toBe('ok');
      expect(await p.record(one.name)).toMatchObject({ isPaused: false, nextAt: later });
      expect(await p.store.pause('another')).toBe('not_found');
    });

    test('of clients can be removed, declared ones cannot', async () => {
      const p = plans();
      const one = await p.created(0);
      const declared = p.declared();
      await p.store.declare([declared], true);
      expect(await p.store.remove(one.name)).toBe('ok');
      expect(await p.store.remove(one.name)).toBe('not_found');
      expect(await p.store.remove(declared.name)).toBe('declared');
      expect((await p.store.list()).map(({ name }) => name)).toContain(declared.name);
    });
  });

  describe('declared schedules', () => {
    test('are added, left alone while nothing changes, and changed by another definition', async () => {
      const p = plans();
      const one = p.declared();
      const declare = (over: Partial<typeof one>, force = true) =>
        p.store.declare([{ ...one, nextAt: new Date(Date.now() + 2 * HOUR), ...over }], force);
      expect(await p.store.declare([one], true)).toEqual({ taken: [] });
      expect(await p.record(one.name)).toMatchObject({ isDeclared: true, revision: 1, nextAt: one.nextAt });
      await declare({});
      expect(await p.record(one.name)).toMatchObject({ revision: 1, nextAt: one.nextAt });
      await p.store.pause(one.name);
      await declare({ input: '[2]', digest: v4() });
      const changed = { revision: 2, input: '[2]', nextAt: one.nextAt, isPaused: true };
      expect(await p.record(one.name)).toMatchObject(changed);
      const nextAt = new Date(Date.now() + 3 * HOUR);
      await declare({ input: '[2]', everyMs: 2_000, digest: v4(), nextAt });
      expect(await p.record(one.name)).toMatchObject({ revision: 3, everyMs: 2_000, nextAt, isPaused: true });
    });

    test('do not take the name of one that a client created: nothing of them is added then', async () => {
      const p = plans();
      const dynamic = await p.created(0);
      const other = p.declared();
      const { taken } = await p.store.declare([other, p.declared({ name: dynamic.name })], true);
      expect(taken).toEqual([dynamic.name]);
      expect(await p.store.find(other.name)).toBeUndefined();
      expect(await p.record(dynamic.name)).toMatchObject({ isDeclared: false, revision: 1 });
    });

    test('without force: only what is missing, or what nobody declares as it is', async () => {
      const p = plans();
      const old = p.declared();
      const young = { ...old, input: '[2]', digest: v4() };
      await p.worker('old', [old]);
      await p.worker('young', [young]);
      await p.store.declare([old], false);
      expect(await p.astray(old.name)).toBe(false);
      await p.store.declare([young], false);
      expect((await p.record(old.name)).input).toBe('[1]');
      await p.s.store.deregister('old');
      expect(await p.astray(old.name)).toBe(true);
      await p.store.declare([young], false);
      expect((await p.record(old.name)).input).toBe('[2]');
      expect(await p.astray(old.name)).toBe(false);
      expect(await p.astray(old.name, 'missing')).toBe(true);
      await p.s.store.deregister('young');
    });

    test('are removed once no worker declares them whose lease runs', async () => {
      const p = plans();
      const one = p.declared();
      const [a, b] = [uuid(), uuid()];
      const remove = (...names: string[]) => p.store.removeUndeclared([p.s.service], names);
      await p.worker(a, [one]);
      await p.worker(b, [{ ...one, digest: v4() }], 200);
      await p.store.declare([one], true);
      expect(await remove()).toEqual([]);
      await p.s.store.deregister(a);
      expect(await p.astray(one.name)).toBe(true);
      expect(await remove()).toEqual([]);
      await sleep(250);
      expect(await p.store.removeUndeclared(['another'], [])).toEqual([]);
      expect(await remove(one.name)).toEqual([]);
      expect(await remove()).toEqual([one.name]);
      expect(await p.store.find(one.name)).toBeUndefined();
      const dynamic = await p.created(0);
      expect(await remove()).toEqual([]);
      expect(await p.store.find(dynamic.name)).toBeDefined();
    });
  });

  describe('races of schedules', () => {
    test('four processes at one slot, over and over: each slot is started once, none is left out', async () => {
      const p = plans();
      const SLOTS = 50;
      const one = await p.created(HOUR);
      const started: number[] = [];
      const race = async () => {
        for (;;) {
          const [due] = await p.upcoming();
          const slot = due!.nextAt.getTime() - one.nextAt.getTime();
          if (slot === SLOTS * 1_000) return;
          const then = new Date(due!.nextAt.getTime() + 1_000);
          if ((await p.store.fire(p.firing(due!, { then }))) === 'ok') started.push(slot);
        }
      };
      await Promise.all(times(4, race));
      expect(started).toEqual(times(SLOTS, n => n * 1_000));
      const accepted = await p.s.store.list({ service: p.s.service, limit: 1_000 });
      expect(accepted).toHaveLength(SLOTS);
    }, 30_000);

    test('who declares it against who removes it: what a worker declares is there in the end', async () => {
      const p = plans();
      for (let round = 0; round < 150; round++) {
        const one = p.declared();
        const id = uuid();
        await p.store.declare([one], true);
        const declare = async () => {
          await p.worker(id, [one]);
          await p.store.declare([one], true);
        };
        await Promise.all([...times(3, () => p.store.removeUndeclared([p.s.service], [])), declare()]);
        expect(await p.store.find(one.name)).toBeDefined();
        await p.s.store.deregister(id);
      }
    }, 30_000);

    test('pause against fire: a slot is started, or it is paused before', async () => {
      const p = plans();
      for (let round = 0; round < 40; round++) {
        const one = await p.created(0);
        const firing = p.firing(one);
        const [result] = await Promise.all([p.store.fire(firing), p.store.pause(one.name)]);
        const record = await p.record(one.name);
        expect(record.isPaused).toBe(true);
        expect(record.nextAt).toEqual(result === 'ok' ? firing.then : one.nextAt);
      }
    }, 30_000);
  });
}
