import { IsInt } from 'class-validator';
import { UsePipes, ValidationPipe } from '@nestjs/common';
import {
  type CreateScheduleOptions,
  type DurableError,
  DurableService,
  Handler,
  Schedule,
  type ScheduleOptions,
  type ScheduleTiming,
  VirtualObject,
} from '../../lib/index.js';
import { Applications, type Running } from '../support/applications.js';

class Range {
  @IsInt()
  days!: number;
}

@DurableService()
class Plain {
  @Handler()
  @UsePipes(new ValidationPipe({ expectedType: Range }))
  async run(range: Range): Promise<number> {
    return range.days;
  }

  async helper(): Promise<void> {}
}

@VirtualObject()
class Keyed {
  @Handler()
  async run(): Promise<void> {}
}

const NAME = { name: 'bad' };
const DAILY = { ...NAME, cron: '@daily' };

/** What `create()` is given, the code it is refused with, and what its message names. */
const REFUSED: readonly (readonly [given: object, code: string, shown: string | RegExp])[] = [
  [{ ...NAME, cron: '0 0 30 2 *' }, 'DURABLE_INVALID_SCHEDULE', /"0 0 30 2 \*", which never fires/],
  [{ ...NAME, cron: '0 0 31 4,6,9,11 *' }, 'DURABLE_INVALID_SCHEDULE', 'never fires'],
  [{ ...NAME, cron: '61 * * * *' }, 'DURABLE_INVALID_SCHEDULE', '"61 * * * *"'],
  [{ ...NAME, cron: '* * * *' }, 'DURABLE_INVALID_SCHEDULE', 'five or six fields'],
  [{ ...NAME, cron: '0 0 * * * * 2030' }, 'DURABLE_INVALID_SCHEDULE', 'five or six fields'],
  [{ ...NAME, cron: '2030-01-01T00:00:00' }, 'DURABLE_INVALID_SCHEDULE', 'five or six fields'],
  [{ ...NAME, cron: '@reboot' }, 'DURABLE_INVALID_SCHEDULE', '@reboot'],
  [{ ...NAME, cron: '' }, 'DURABLE_INVALID_SCHEDULE', 'cron'],
  [{ ...NAME, cron: 5 }, 'DURABLE_INVALID_SCHEDULE', 'cron'],
  [{ ...DAILY, timeZone: 'Europe/Berlni' }, 'DURABLE_INVALID_SCHEDULE', /Berlni.*IANA/],
  [{ ...DAILY, timeZone: 1 }, 'DURABLE_INVALID_SCHEDULE', 'timeZone'],
  [{ ...NAME }, 'DURABLE_INVALID_OPTION', 'one of cron and every'],
  [{ ...DAILY, every: '1m' }, 'DURABLE_INVALID_OPTION', 'one of cron and every'],
  [{ ...NAME, every: '1m', timeZone: 'UTC' }, 'DURABLE_INVALID_OPTION', 'timeZone'],
  [{ ...NAME, every: 99 }, 'DURABLE_INVALID_DURATION', '100 ms'],
  [{ ...NAME, every: 'often' }, 'DURABLE_INVALID_DURATION', 'every'],
  [{ ...DAILY, overlap: 'wait' }, 'DURABLE_INVALID_OPTION', 'cancelPrevious'],
  [{ ...DAILY, catchUp: 'some' }, 'DURABLE_INVALID_OPTION', "'last', 'none', 'all'"],
  [{ ...DAILY, catchUp: -1 }, 'DURABLE_INVALID_OPTION', 'catchUp'],
  [{ ...DAILY, timezone: 'UTC' }, 'DURABLE_INVALID_OPTION', 'did you mean "timeZone"'],
  [{ ...DAILY, name: '' }, 'DURABLE_INVALID_NAME', 'schedule name'],
  [{ ...DAILY, name: 'a\u0000b' }, 'DURABLE_INVALID_NAME', 'schedule name'],
  [{ ...DAILY, key: 'a' }, 'DURABLE_OBJECT_KEY', 'a'],
];

describe('schedules refuse', () => {
  let applications: Applications;
  let running: Running;
  beforeAll(async () => {
    applications = await Applications.open();
    running = await applications.start({ providers: [Plain, Keyed] });
  });
  afterAll(() => applications.close());

  const codeOf = (error: unknown): string => (error as DurableError).code;

  it.each(REFUSED)('%j: %s', async (given, code, shown) => {
    const { schedules } = running.client;
    const error: unknown = await schedules
      .create(Plain, given as CreateScheduleOptions)
      .run({ days: 1 })
      .catch((thrown: unknown) => thrown);
    expect(codeOf(error)).toBe(code);
    expect((error as Error).message).toMatch(shown);
    expect(await schedules.list()).toEqual([]);
  });

  it('the arguments, handlers and keys that send() refuses', async () => {
    const { schedules } = running.client;
    await expect(
      schedules.create(Plain, DAILY as CreateScheduleOptions).run({ days: 'x' } as never),
    ).rejects.toThrow('Bad Request');
    const make = (what: Promise<unknown>) => what.then(() => 'created', codeOf);
    const options = DAILY as CreateScheduleOptions;
    expect(await make(schedules.create(Plain, options).helper())).toBe('DURABLE_NOT_A_HANDLER');
    expect(await make(schedules.create(Keyed, options).run())).toBe('DURABLE_OBJECT_KEY');
    const bad = (() => 1) as unknown as Range;
    expect(await make(schedules.create(Plain, options).run(bad))).toBe('DURABLE_UNSERIALISABLE_VALUE');
    for (const name of ['other', 'a\u0000b', 1 as never])
      for (const use of ['get', 'pause', 'resume', 'trigger', 'delete'] as const)
        expect(await make(schedules[use](name))).toBe('DURABLE_SCHEDULE_NOT_FOUND');
    expect(await schedules.list()).toEqual([]);
  });

  const declare = (timing: string | ScheduleTiming, options?: ScheduleOptions) => {
    class Declares {
      @Schedule(timing, options)
      @Handler()
      async run(): Promise<void> {}
    }
    return Declares;
  };

  it('at the decorator: a pattern that never fires, a zone that does not exist, with the method', () => {
    const place = '@Schedule() Declares.run: ';
    expect(() => declare('0 0 30 2 *')).toThrow(`${place}cron`);
    expect(() => declare('@daily', { timeZone: 'Nowhere' })).toThrow(`${place}timeZone`);
    expect(() => declare({ every: 1 })).toThrow(`${place}every`);
    expect(() => declare('@daily', { args: 'eu' as never })).toThrow(`${place}args`);
    expect(() => Schedule('@daily')(class Whole {}, undefined as never, undefined as never)).toThrow(
      'it is a class',
    );
  });

  it('at boot: two of one name, what is no handler, an object without a key, the name of a client', async () => {
    @DurableService()
    class Twice {
      @Schedule('@daily', { name: 'same' })
      @Handler()
      async one(): Promise<void> {}

      @Schedule('@daily', { name: 'same' })
      @Handler()
      async two(): Promise<void> {}
    }
    @DurableService()
    class NoHandler {
      @Schedule('@daily')
      async run(): Promise<void> {}
    }
    class NoService {
      @Schedule('@daily')
      async run(): Promise<void> {}
    }
    @VirtualObject()
    class NoKey {
      @Schedule('@daily')
      @Handler()
      async run(): Promise<void> {}
    }
    @DurableService()
    class BadArguments {
      @Schedule('@daily', { args: [{ days: 'x' }] })
      @Handler()
      @UsePipes(new ValidationPipe({ expectedType: Range }))
      async run(_range: Range): Promise<void> {}
    }
    const start = (provider: new () => object) =>
      applications.start({ providers: [provider] }).then(
        () => 'started',
        (error: Error) => error.message,
      );
    expect(await start(Twice)).toMatch(/"same" belongs to Twice.one, and Twice.two/);
    expect(await start(NoHandler)).toMatch(/@Schedule\(\) on NoHandler.run: it is no handler/);
    expect(await start(NoService)).toMatch(/@Schedule\(\) on NoService.run: it is no handler/);
    expect(await start(NoKey)).toMatch(/NoKey is a virtual object and has no key/);
    expect(await start(BadArguments)).toMatch(/Bad Request/);

    @DurableService()
    class Takes {
      @Schedule('@daily', { name: 'taken' })
      @Handler()
      async run(): Promise<void> {}
    }
    const { schema, client } = running;
    await client.schedules.create(Plain, { name: 'taken', every: '1d' }).run({ days: 1 });
    const taking = applications.start({ schema, providers: [Plain, Keyed, Takes] });
    await expect(taking).rejects.toThrow(/"taken" belongs to one that a client created, and Takes.run/);
    await expect(
      client.schedules.create(Plain, { name: 'taken', every: '2d' }).run({ days: 1 }),
    ).rejects.toThrow('belongs to one that exists');
  });
});
