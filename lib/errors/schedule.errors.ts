import { DurableError } from './durable-error.js';
import { InvalidOptionError } from './options.errors.js';
import { showValue } from './show-value.js';

/** A schedule could never start anything: its pattern is none, or never fires, or its time zone does not exist. */
export class InvalidScheduleError extends InvalidOptionError {
  override readonly code = 'DURABLE_INVALID_SCHEDULE';
}

/** A schedule of this name exists already, or two methods declare one name. */
export class DuplicateScheduleError extends DurableError {
  readonly code = 'DURABLE_DUPLICATE_SCHEDULE';

  constructor(
    /** The name that both claim. */
    readonly schedule: string,
    /** What has it, as `a schedule that a client created`, or `Reports.nightly`. */
    readonly first: string,
    /** What wants it. */
    readonly second: string,
  ) {
    super(
      `The schedule name ${showValue(schedule)} belongs to ${first}, and ${second} wants it as well. ` +
        'Give one of them another name; a schedule that a client created can be deleted.',
    );
  }
}

/** There is no schedule of this name. */
export class ScheduleNotFoundError extends DurableError {
  readonly code = 'DURABLE_SCHEDULE_NOT_FOUND';

  constructor(readonly schedule: string) {
    super(`There is no schedule ${showValue(schedule)}. client.schedules.list() gives those that there are.`);
  }
}

/** A schedule that the code declares cannot be deleted: the next start would bring it back. */
export class ScheduleDeclaredError extends DurableError {
  readonly code = 'DURABLE_SCHEDULE_DECLARED';

  constructor(readonly schedule: string) {
    super(
      `The schedule ${showValue(schedule)} is declared by a @Schedule(): remove the decorator, or pause the schedule.`,
    );
  }
}
