import { definitionDigest } from '../codec/identity.js';
import type { Codec } from '../ports/codec.js';
import type { DeclaredSchedule } from '../ports/schedules.js';
import { definitionOf } from '../runtime/schedule-definition.js';
import type { HandlerRegistry } from './handler-registry.js';

/**
 * The schedules that the code declares, as a store takes them. Their arguments pass the pipes of their handlers, as
 * those of any request.
 *
 * @throws what a pipe throws, and UnserialisableValueError, PayloadTooLargeError
 */
export async function declaredSchedules(
  registry: HandlerRegistry,
  codec: Codec,
): Promise<DeclaredSchedule[]> {
  return Promise.all(
    registry.schedules.map(async schedule => {
      const { service, handler, args } = schedule;
      const found = registry.find(service, handler);
      await found?.admit?.(args);
      const definition = definitionOf({ ...schedule, kind: found?.kind ?? 'service' }, codec.encode(args));
      const { catchUp, ...rest } = definition;
      return { ...definition, digest: definitionDigest([...Object.values(rest), String(catchUp)]) };
    }),
  );
}
