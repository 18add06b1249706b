import { Injectable } from '@nestjs/common';
import { DuplicateScheduleError } from '../errors/index.js';
import { HandlerRegistry, type RegisteredSchedule } from '../execution/handler-registry.js';
import { objectKeyFor } from '../options/object-key.js';
import { scheduleWithoutHandler, type FoundService } from './durable.explorer.js';
import { MetadataAccessor } from './metadata-accessor.js';

/** Collects the schedules that the code declares. */
@Injectable()
export class ScheduleCollector {
  constructor(
    private readonly accessor: MetadataAccessor,
    private readonly registry: HandlerRegistry,
  ) {}

  /**
   * Registers the schedules of a service whose handlers are registered.
   * @throws DuplicateScheduleError (DURABLE_DUPLICATE_SCHEDULE), ObjectKeyError (DURABLE_OBJECT_KEY)
   * @throws InvalidDecoratorError (DURABLE_INVALID_DECORATOR) for a method that is no handler
   */
  collect({ name: service, type }: FoundService): void {
    for (const { key: method, metadata } of this.accessor.schedules(type)) {
      const handler = this.accessor.handlers(type).find(({ key }) => key === method);
      if (!handler) throw scheduleWithoutHandler(type, method);
      const owner = `${type.name}.${method}`;
      for (const { name = `${service}.${handler.name}`, key: given, ...rules } of metadata) {
        const other = this.registry.schedules.find(one => one.name === name);
        if (other) throw new DuplicateScheduleError(name, other.owner, owner);
        const key = objectKeyFor(service, handler.kind !== 'service', given) ?? null;
        const schedule: RegisteredSchedule = { name, owner, service, handler: handler.name, key, ...rules };
        this.registry.addSchedule(schedule);
      }
    }
  }
}
