import type { CatchUp, Overlap } from '../engine/schedule.js';
import type { HandlerKind } from './handlers.js';
import type { NewInvocation } from './writes.js';

/** What a schedule starts, and when. */
export interface ScheduleDefinition {
  readonly name: string;
  readonly service: string;
  readonly handler: string;
  readonly kind: HandlerKind;
  /** Key of the object that is addressed. */
  readonly key: string | null;
  /** Encoded arguments. */
  readonly input: string;
  /** Pattern; `null`: slots are multiples of `everyMs`. */
  readonly cron: string | null;
  readonly timeZone: string | null;
  readonly everyMs: number | null;
  readonly overlap: Overlap;
  readonly catchUp: CatchUp;
}

/** A definition that the code declares. */
export interface DeclaredSchedule extends ScheduleDefinition {
  /** Stands for all of the definition: another one has another. A UUID. */
  readonly digest: string;
}

/** A schedule, as the store has it. */
export interface ScheduleRecord extends ScheduleDefinition {
  /** Changes with the definition. */
  readonly revision: number;
  readonly isDeclared: boolean;
  readonly isPaused: boolean;
  /** The first slot that was not dealt with; `null`: there is none any more. */
  readonly nextAt: Date | null;
  /** The last slot that was started. */
  readonly lastAt: Date | null;
  readonly lastInvocationId: string | null;
  /** Milliseconds between that slot and the commit that started it. */
  readonly lateByMs: number | null;
  /** Slots that were passed because of an overlap. */
  readonly skipped: number;
  readonly createdAt: Date;
}

/** A schedule with the next slot, as {@link ScheduleStore.upcoming} finds it. */
export interface UpcomingSchedule extends ScheduleRecord {
  readonly nextAt: Date;
  /** Whether the invocation of the last slot is not over. */
  readonly isLive: boolean;
  /** When it was over. */
  readonly finishedAt: Date | null;
}

/** What becomes of slots that are due. */
export interface Firing {
  readonly name: string;
  readonly revision: number;
  /** The first slot that was not dealt with when this was decided: if it is another one now, nothing is done. */
  readonly nextAt: Date;
  /** The first slot after those that are dealt with. */
  readonly then: Date | null;
  /** Slots to start, in order. */
  readonly starts: readonly { readonly slot: Date; readonly invocation: NewInvocation }[];
  /** Whether a slot is passed because of an overlap. */
  readonly skips: boolean;
}

/** Names of schedules with the digests of their definitions. */
export type Declarations = Readonly<Record<string, string>>;

/**
 * The schedules of a store. A slot is data, so that dates cross this port; whether it is time is judged by the store's
 * clock.
 */
export interface ScheduleStore {
  /** The store's time. */
  now(): Promise<Date>;
  /**
   * Schedules of `services` that are due, `limit` at the most, and the first one that will be; earliest first, without
   * those that are paused.
   */
  upcoming(
    services: readonly string[],
    limit: number,
  ): Promise<{ readonly now: Date; readonly schedules: readonly UpcomingSchedule[] }>;
  /**
   * Accepts the invocations of slots and goes on to the next slot, in one transaction under the lock of the schedule.
   * `lost`: it was changed, paused or dealt with meanwhile, or is being so: nothing is done. An invocation that exists
   * is left as it is.
   */
  fire(firing: Firing): Promise<'ok' | 'lost'>;

  /** Adds a schedule. Its name may not be in use. */
  create(definition: ScheduleDefinition, nextAt: Date): Promise<'ok' | 'exists'>;
  find(name: string): Promise<ScheduleRecord | undefined>;
  /** All schedules, by name. */
  list(): Promise<ScheduleRecord[]>;
  /** Lets no slot start until it is resumed. */
  pause(name: string): Promise<'ok' | 'not_found'>;
  /** Goes on with the slot `nextAt`: what was missed is not caught up. `lost`: it has been changed meanwhile. */
  resume(name: string, revision: number, nextAt: Date | null): Promise<'ok' | 'lost'>;
  /** Deletes a schedule that no code declares. */
  remove(name: string): Promise<'ok' | 'not_found' | 'declared'>;

  /**
   * Adds declared schedules, and changes those whose definition is another: a new timing or overlap has a new next
   * slot. What is paused stays so. All or nothing: the names that belong to schedules which no code declares.
   *
   * @param force whether to change also a definition that a worker whose lease runs declares
   */
  declare(
    schedules: readonly (DeclaredSchedule & { readonly nextAt: Date })[],
    force: boolean,
  ): Promise<{ readonly taken: string[] }>;
  /**
   * Whether something is not as workers declare it: a name of `names` is missing, or a declared schedule of `services`
   * has a definition that no worker whose lease runs declares.
   */
  isAstray(services: readonly string[], names: readonly string[]): Promise<boolean>;
  /** Deletes declared schedules of `services`, but for `names`, that no worker declares whose lease runs; their names. */
  removeUndeclared(services: readonly string[], names: readonly string[]): Promise<string[]>;
}
