import { fields, invalid } from '../options/check.js';
import type { DurableModuleOptions } from '../options/durable-options.js';
import { resolveOptions, type ResolvedOptions } from '../options/resolve-options.js';

type Shared = 'redis' | 'schema' | 'namespace' | 'writers' | 'limits' | 'connectTimeout';
type Values = 'classes' | 'errors' | 'codec';

/**
 * Options of `DurableClientProxy`: those of `DurableModule` that say where the services are, and how values become
 * text. They must be the same as those of the services' workers.
 */
export interface DurableClientProxyOptions extends Pick<DurableModuleOptions, Shared | Values> {
  /** The database of the services: a URL, the fields of a connection, or a TypeORM `DataSource`. */
  readonly postgres: NonNullable<DurableModuleOptions['postgres']>;
}

const KNOWN: Readonly<Record<keyof DurableClientProxyOptions, true>> = {
  postgres: true,
  redis: true,
  schema: true,
  namespace: true,
  writers: true,
  limits: true,
  connectTimeout: true,
  classes: true,
  errors: true,
  codec: true,
};

/** @throws InvalidOptionError, InvalidDurationError */
export function resolveProxyOptions(options: unknown): ResolvedOptions {
  const given = fields<DurableClientProxyOptions>(options ?? {}, '', KNOWN);
  // An embedded database belongs to one process, so there would be nobody to dispatch to.
  if (given.postgres === undefined) {
    throw invalid('postgres', given.postgres, 'the database of the services: postgres://…');
  }
  return resolveOptions({ ...(given as DurableClientProxyOptions), worker: false });
}
