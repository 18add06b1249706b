import type { CatchUp, Overlap } from '../engine/schedule.js';
import { DuplicateScheduleError, ScheduleDeclaredError, ScheduleNotFoundError } from '../errors/index.js';
import { isPrintable } from '../options/names.js';
import { objectKeyFor } from '../options/object-key.js';
import { type CreateScheduleOptions, resolveCreated } from '../options/schedule-options.js';
import { resolveSendOptions } from '../options/send-options.js';
import { slotsOf, timingOf } from '../options/slots.js';
import type { ScheduleRecord } from '../ports/schedules.js';
import type { Backend } from '../runtime/backend.js';
import { definitionOf } from '../runtime/schedule-definition.js';
import type { InvocationHandle } from './invocation-handle.js';
import type { Invocations } from './invocations.js';
import type { Targets } from './target.js';
import { type Arguments, type MethodNames, methodProxy, type ServiceClass } from './typed-calls.js';

/** The handlers of a service, each as the creation of a schedule that starts it with these arguments. */
export type CreatesSchedule<T> = {
  readonly [K in MethodNames<T>]: (...args: Arguments<T[K]>) => Promise<ScheduleInfo>;
};

/** A schedule, as people see it. */
export interface ScheduleInfo {
  readonly name: string;
  readonly service: string;
  readonly handler: string;
  /** Key of the virtual object that is addressed. */
  readonly key: string | null;
  /** Pattern; `null` with `everyMs`. */
  readonly cron: string | null;
  /** On whose clocks the pattern is read. */
  readonly timeZone: string | null;
  /** Interval in milliseconds; `null` with `cron`. */
  readonly everyMs: number | null;
  readonly overlap: Overlap;
  /** A duration is in milliseconds. */
  readonly catchUp: CatchUp;
  /** Whether a `@Schedule()` declares it; else a client has created it. */
  readonly isDeclared: boolean;
  readonly isPaused: boolean;
  /** The first slot that was not dealt with; `null` while it is paused. */
  readonly nextAt: Date | null;
  /** The last slot that was started, its invocation, and the milliseconds between the slot and its start. */
  readonly lastAt: Date | null;
  readonly lastInvocationId: string | null;
  readonly lateByMs: number | null;
  /** Slots that were passed because the invocation of the slot before was not over. */
  readonly skipped: number;
  readonly createdAt: Date;
}

/** Schedules, those that the code declares and those that clients create: `client.schedules`. */
export class ScheduleClient {
  constructor(
    private readonly backend: Backend,
    private readonly targets: Targets,
    private readonly invocations: Invocations,
  ) {}

  /**
   * Creates a schedule: `await client.schedules.create(Reports, { name: 'eu', cron: '0 3 * * *' }).nightly('eu')`
   * has the handler started with these arguments once for each slot, by any worker that has it.
   *
   * @param options `name`, `cron` or `every`; as in `@Schedule()` `timeZone`, `overlap`, `catchUp`, `key`
   * @throws DuplicateScheduleError (DURABLE_DUPLICATE_SCHEDULE) if the name is in use
   * @throws InvalidScheduleError (DURABLE_INVALID_SCHEDULE) for a pattern that is none, or never fires, and a time
   *   zone that does not exist
   * @throws what `send()` throws for arguments, keys and handlers
   */
  create<T>(service: ServiceClass<T>, options: CreateScheduleOptions): CreatesSchedule<T> {
    return methodProxy(async (method, args) => {
      const target = this.targets.find(service, method);
      const { name, key: given, ...rules } = resolveCreated(options);
      const key = objectKeyFor(target.service, target.kind !== 'service', given) ?? null;
      const wanted = {
        ...rules,
        name,
        service: target.service,
        handler: target.handler,
        kind: target.kind,
        key,
      };
      const definition = definitionOf(wanted, this.backend.codec.encode(args));
      await target.admit?.(args);
      return this.invocations.whileOpen(async () => {
        const { store, local } = this.backend;
        const next = slotsOf(wanted.timing)((await store.schedules.now()).getTime());
        const result = await store.schedules.create(definition, new Date(next ?? 0));
        if (result === 'exists')
          throw new DuplicateScheduleError(name, 'one that exists', `${target.service}.${target.handler}`);
        local.scheduler.changed();
        return toInfo(await this.record(name));
      });
    });
  }

  /** All schedules, by name. */
  list(): Promise<ScheduleInfo[]> {
    return this.invocations.whileOpen(async () => (await this.backend.store.schedules.list()).map(toInfo));
  }

  /** @throws ScheduleNotFoundError (DURABLE_SCHEDULE_NOT_FOUND) */
  get(name: string): Promise<ScheduleInfo> {
    return this.invocations.whileOpen(async () => toInfo(await this.record(name)));
  }

  /**
   * Lets no slot start until {@link resume}; also a restart of the application does not. What was started goes on.
   * @throws ScheduleNotFoundError (DURABLE_SCHEDULE_NOT_FOUND)
   */
  pause(name: string): Promise<void> {
    return this.invocations.whileOpen(async () => {
      const { schedules } = this.backend.store;
      const result = isName(name) ? await schedules.pause(name) : 'not_found';
      if (result === 'not_found') throw new ScheduleNotFoundError(name);
    });
  }

  /**
   * Goes on with the next slot from now on: those that came while it was paused are never started.
   * @throws ScheduleNotFoundError (DURABLE_SCHEDULE_NOT_FOUND)
   */
  resume(name: string): Promise<void> {
    return this.invocations.whileOpen(async () => {
      const { schedules } = this.backend.store;
      for (let done = false; !done;) {
        const record = await this.record(name);
        const next = slotsOf(timingOf(record))((await schedules.now()).getTime());
        const nextAt = next === undefined ? null : new Date(next);
        // If not, its definition has just been changed, and the slot may be another one.
        done = (await schedules.resume(name, record.revision, nextAt)) === 'ok';
      }
      this.backend.local.scheduler.changed();
    });
  }

  /**
   * Starts an invocation of a schedule now, besides its slots: also while it is paused, and whatever its overlap is.
   * @throws ScheduleNotFoundError (DURABLE_SCHEDULE_NOT_FOUND)
   */
  trigger<R = unknown>(name: string): Promise<InvocationHandle<R>> {
    return this.invocations.whileOpen(async () => {
      const { service, handler, kind, key, input } = await this.record(name);
      const args = this.backend.codec.decode(input) as readonly unknown[];
      const options = resolveSendOptions(key === null ? {} : { key });
      return this.invocations.accept<R>({ service, handler, kind }, args, options);
    });
  }

  /**
   * Deletes a schedule that a client has created. What it has started goes on.
   * @throws ScheduleNotFoundError (DURABLE_SCHEDULE_NOT_FOUND)
   * @throws ScheduleDeclaredError (DURABLE_SCHEDULE_DECLARED) for one that the code declares
   */
  delete(name: string): Promise<void> {
    return this.invocations.whileOpen(async () => {
      const { schedules } = this.backend.store;
      const result = isName(name) ? await schedules.remove(name) : 'not_found';
      if (result === 'not_found') throw new ScheduleNotFoundError(name);
      if (result === 'declared') throw new ScheduleDeclaredError(name);
    });
  }

  private async record(name: string): Promise<ScheduleRecord> {
    // What can be no name is none that there is; the database would refuse a NUL.
    const found = isName(name) ? await this.backend.store.schedules.find(name) : undefined;
    if (!found) throw new ScheduleNotFoundError(name);
    return found;
  }
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && isPrintable(name);
}

function toInfo({ kind: _, input: __, revision: ___, ...info }: ScheduleRecord): ScheduleInfo {
  return info.isPaused ? { ...info, nextAt: null } : info;
}
