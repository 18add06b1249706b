import { types } from 'node:util';

/**
 * What TypeORM and the server put into an error of what a query was given: a batch holds the payloads of many callers,
 * and the error goes to each of them, and into logs.
 */
const GIVEN = ['parameters', 'detail', 'where', 'internalQuery'];

/** The result of a query, or its error without what the query was given: code, message and class stay. */
export async function bare<T>(query: Promise<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    strip(error);
    throw error;
  }
}

function strip(error: unknown): void {
  if (!types.isNativeError(error)) return;
  for (const key of GIVEN) Reflect.deleteProperty(error, key);
  if ('driverError' in error && error.driverError !== error) strip(error.driverError);
}
