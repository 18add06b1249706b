import { InvalidOptionError } from '../../errors/options.errors.js';

const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,62}$/;

/**
 * Checks the name of the schema that holds the library's tables, and returns it.
 *
 * @throws InvalidOptionError (DURABLE_INVALID_OPTION) for a name that would need more than plain quoting.
 */
export function checkSchemaName(schema: string): string {
  if (SCHEMA_NAME.test(schema) && !schema.startsWith('pg_')) return schema;
  throw new InvalidOptionError(
    'schema',
    `is ${JSON.stringify(schema)}`,
    '1 to 63 characters a-z, 0-9 and "_", not starting with a digit or with "pg_"',
  );
}

/** The checked name as an SQL identifier. @throws InvalidOptionError as {@link checkSchemaName}. */
export function quoteSchema(schema: string): string {
  return `"${checkSchemaName(schema)}"`;
}
