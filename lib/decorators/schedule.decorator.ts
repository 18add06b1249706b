import { SetMetadata } from '@nestjs/common';
import type { ScheduleOptions, ScheduleTiming } from '../options/schedule-options.js';
import { resolveDeclared } from '../options/schedule-options.js';
import { decoratedMethod } from './method-decorator.js';
import { SCHEDULE_METADATA, type ScheduleMetadata } from './metadata.js';

/**
 * Has a handler started by the clock: once for each slot, however many processes there are. The application that
 * starts brings the schedule; without the decorator it goes.
 *
 * The handler finds its slot in `DurableContext.invocation.scheduledFor`. What is left out is `skip` for `overlap`,
 * `last` for `catchUp`, and `UTC`.
 *
 * @param timing a cron pattern, or `{ cron }`, or `{ every }`
 * @param options `name` (`Service.handler` by default; a second schedule of a handler needs one), `timeZone`,
 *   `overlap`, `catchUp`, `key` of a virtual object, `args`
 * @throws InvalidDecoratorError (DURABLE_INVALID_DECORATOR) on anything that is not a method; at boot, without
 *   `@Handler()` or `@Shared()`
 * @throws InvalidScheduleError (DURABLE_INVALID_SCHEDULE) for a pattern that is none, or never fires, and a time zone
 *   that does not exist
 * @throws InvalidOptionError, InvalidDurationError, InvalidNameError
 * @example
 * ```ts
 * @Schedule('30 2 * * *', { timeZone: 'Europe/Berlin' })
 * @Handler()
 * async nightly(): Promise<void> { … }
 * ```
 */
export function Schedule(timing: string | ScheduleTiming, options: ScheduleOptions = {}): MethodDecorator {
  return (target, name, property) => {
    const { key, method, descriptor } = decoratedMethod('@Schedule()', target, name, property);
    const schedule = resolveDeclared(timing, options, `@Schedule() ${target.constructor.name}.${key}`);
    const others = (Reflect.getMetadata(SCHEDULE_METADATA, method) ?? []) as ScheduleMetadata;
    // Decorators are applied from the last one to the first.
    SetMetadata(SCHEDULE_METADATA, [schedule, ...others] satisfies ScheduleMetadata)(target, key, descriptor);
  };
}
