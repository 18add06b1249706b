import { type CatchUp, type Overlap, OVERLAPS } from '../engine/schedule.js';
import { InvalidScheduleError } from '../errors/schedule.errors.js';
import { InvalidOptionError } from '../errors/options.errors.js';
import { showValue } from '../errors/show-value.js';
import { fields, invalid, join, oneOf, type Path } from './check.js';
import { type Duration, parseDuration } from './duration.js';
import { assertName } from './names.js';
import { slotsOf, type Timing } from './slots.js';

/**
 * When a schedule has its slots: a cron pattern of five or six fields (with seconds) or a name such as `@daily`; or
 * `every`, at multiples of an interval of 100 ms or more since 1970.
 */
export type ScheduleTiming = { readonly cron: string } | { readonly every: Duration };

/** Options of every schedule. */
export interface ScheduleRules {
  /** On whose clocks a cron pattern is read: an IANA name, as `Europe/Berlin`. @default 'UTC' */
  readonly timeZone?: string;
  /**
   * What happens to a slot that comes while the invocation of the slot before it is not over: it is passed (`skip`),
   * waits (`queue`), starts (`allow`), or starts after that one was asked to cancel (`cancelPrevious`).
   * @default 'skip'
   */
  readonly overlap?: Overlap;
  /**
   * Which of the slots that were missed, because no worker was there, are started afterwards: the newest one, none,
   * all, or those that were missed by no more than a duration.
   * @default 'last'
   */
  readonly catchUp?: 'last' | 'none' | 'all' | Duration;
  /** Key of the object that is addressed, for a handler of a `@VirtualObject()`. */
  readonly key?: string;
}

/** Options of `@Schedule()`. */
export interface ScheduleOptions extends ScheduleRules {
  /** What it is called in the whole database: 1 to 256 printable characters. @default `Service.handler` */
  readonly name?: string;
  /** Arguments of the handler. @default none */
  readonly args?: readonly unknown[];
}

/** Options of `client.schedules.create()`. */
export type CreateScheduleOptions = ScheduleRules & ScheduleTiming & { readonly name: string };

/** A schedule's rules, checked. */
export interface ResolvedSchedule {
  readonly timing: Timing;
  readonly overlap: Overlap;
  readonly catchUp: CatchUp;
  /** As it was given: whether it may be one is known together with what is addressed (`objectKeyFor`). */
  readonly key: unknown;
}

type Given = Readonly<Partial<Record<string, unknown>>>;

const RULES: Readonly<Record<keyof ScheduleRules, true>> = {
  timeZone: true,
  overlap: true,
  catchUp: true,
  key: true,
};
const DECLARED: Readonly<Record<keyof ScheduleOptions, true>> = { ...RULES, name: true, args: true };
const CREATED: Readonly<Record<'name' | 'cron' | 'every' | keyof ScheduleRules, true>> = {
  ...RULES,
  name: true,
  cron: true,
  every: true,
};
const TIMING: Readonly<Record<'cron' | 'every', true>> = { cron: true, every: true };
const LEAST_INTERVAL_MS = 100;
/** A list of every second, minute, hour, day, month and weekday has about 560 characters. */
const LONGEST_CRON = 1_000;
const LONGEST_ZONE = 100;
const CRON_FORM = /^\s*(@[a-z]+|\S+(\s+\S+){4,5})\s*$/i;
const CRON_RULE =
  "five or six fields (second, if there are six; minute, hour, day, month, weekday), as '0 3 * * *', or '@daily' and the like";

/**
 * Checks what stands in a `@Schedule()`.
 * @param where what it stands on, as `@Schedule() Reports.nightly`
 * @throws InvalidScheduleError, InvalidOptionError, InvalidDurationError, InvalidNameError
 */
export function resolveDeclared(
  timing: unknown,
  options: unknown,
  where: string,
): ResolvedSchedule & { readonly name: string | undefined; readonly args: readonly unknown[] } {
  const path = `${where}: `;
  const { name, args = [], ...rules } = fields<ScheduleOptions>(options, path, DECLARED);
  if (name !== undefined) assertName('schedule', name, where);
  if (!Array.isArray(args)) throw invalid(join(path, 'args'), args, 'an array of arguments');
  const given = typeof timing === 'string' ? { cron: timing } : fields(timing, path, TIMING);
  return { name, args, ...resolveRules({ ...given, ...rules }, path) };
}

/**
 * Checks what `client.schedules.create()` is given.
 * @throws InvalidScheduleError, InvalidOptionError, InvalidDurationError, InvalidNameError
 */
export function resolveCreated(options: unknown): ResolvedSchedule & { readonly name: string } {
  const where = 'schedules.create()';
  const { name, ...rules } = fields<Record<keyof typeof CREATED, unknown>>(options, `${where}: `, CREATED);
  assertName('schedule', name, where);
  return { name, ...resolveRules(rules, `${where}: `) };
}

function resolveRules(given: Given, path: Path): ResolvedSchedule {
  const { cron, every, timeZone, overlap, catchUp, key } = given;
  if ((cron === undefined) === (every === undefined)) {
    const problem = cron === undefined ? 'is missing' : 'stands beside every';
    throw new InvalidOptionError(join(path, 'cron'), problem, 'one of cron and every');
  }
  return {
    timing: every === undefined ? cronTiming(cron, timeZone, path) : everyTiming(every, timeZone, path),
    overlap: oneOf(overlap, join(path, 'overlap'), OVERLAPS, 'skip'),
    catchUp: resolveCatchUp(catchUp, join(path, 'catchUp')),
    key,
  };
}

function everyTiming(every: unknown, timeZone: unknown, path: Path): Timing {
  if (timeZone !== undefined) {
    throw new InvalidOptionError(join(path, 'timeZone'), 'stands beside every', 'timeZone with cron');
  }
  return { everyMs: parseDuration(every, join(path, 'every'), LEAST_INTERVAL_MS) };
}

function cronTiming(cron: unknown, timeZone: unknown = 'UTC', path: Path): Timing {
  const refuse = (name: string, value: unknown, problem: string, allowed: string): never => {
    throw new InvalidScheduleError(join(path, name), `is ${showValue(value)}${problem}`, allowed);
  };
  if (typeof timeZone !== 'string' || timeZone.length > LONGEST_ZONE || !isTimeZone(timeZone)) {
    return refuse('timeZone', timeZone, '', "an IANA time zone, as 'UTC' or 'Europe/Berlin'");
  }
  if (typeof cron !== 'string' || cron.length > LONGEST_CRON || !CRON_FORM.test(cron))
    return refuse('cron', cron, '', CRON_RULE);
  const timing = { cron, timeZone };
  let first: number | undefined;
  try {
    first = slotsOf(timing)(Date.now());
  } catch (error) {
    return refuse(
      'cron',
      cron,
      `, which is none (${error instanceof Error ? error.message : ''})`,
      CRON_RULE,
    );
  }
  if (first === undefined) {
    return refuse('cron', cron, ', which never fires', "a pattern of dates that exist, as '0 0 L 2 *'");
  }
  return timing;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function resolveCatchUp(value: unknown, path: Path): CatchUp {
  if (value === undefined) return 'last';
  if (value === 'last' || value === 'none' || value === 'all') return value;
  try {
    return parseDuration(value, path);
  } catch {
    throw invalid(path, value, "'last', 'none', 'all', or a duration such as '1h'");
  }
}
