/** Schema that holds the tables unless the data source names another. */
export const DEFAULT_SCHEMA = 'durable';

/** What every statement is built from: qualified, quoted table names, and the clock that judges. */
export interface Tables {
  readonly invocation: string;
  readonly entry: string;
  readonly worker: string;
  readonly object: string;
  readonly state: string;
  readonly signal: string;
  readonly attachment: string;
  readonly deadline: string;
  readonly subscription: string;
  readonly schedule: string;
  /** SQL expression of type `timestamptz`, at most stable, that gives the store's time. */
  readonly now: string;
}

/**
 * Names of the tables in `schema`.
 *
 * @param now SQL expression that gives the store's time: `now()`, or a clock that a test can move.
 */
export function tables(schema: string = DEFAULT_SCHEMA, now = 'now()'): Tables {
  const inSchema = (table: string) => `${quoted(schema)}.${quoted(table)}`;
  return {
    invocation: inSchema('invocation'),
    entry: inSchema('entry'),
    worker: inSchema('worker'),
    object: inSchema('object'),
    state: inSchema('state'),
    signal: inSchema('signal'),
    attachment: inSchema('attachment'),
    deadline: inSchema('deadline'),
    subscription: inSchema('subscription'),
    schedule: inSchema('schedule'),
    now,
  };
}

/** Names of the tables that a migration works on. */
export function tablesOf(runner: { readonly connection: { readonly options: object } }): Tables {
  const { schema = DEFAULT_SCHEMA } = runner.connection.options as { readonly schema?: string };
  return tables(schema);
}

/** An identifier, quoted for SQL whatever it holds. */
export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

/** Strings from the code (never from a user) as a list of SQL literals. */
export function literals(values: readonly string[]): string {
  return values.map(value => `'${value}'`).join(', ');
}
