import type { WorkerRecord } from '../../ports/store.js';

type Scalar = string | number | null;

/** A column of an `unnest`: its name, its type, and how its value is read from a row. */
export type Column<Row> = readonly [name: string, type: string, read: (row: Row) => Scalar];

/** A statement with the values of its parameters. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Collects the parameters of a statement that is built from parts. */
export class Parameters {
  readonly values: unknown[] = [];

  /** Adds a value; the placeholder that stands for it. */
  add(value: unknown, type: string): string {
    return `$${this.values.push(value)}::${type}`;
  }

  /** Adds rows as one array per column; the `unnest` that gives them back under `alias`. */
  unnest<Row>(alias: string, rows: readonly Row[], columns: readonly Column<Row>[]): string {
    const arrays = columns.map(([, type, read]) => this.add(rows.map(read), `${type}[]`));
    return `unnest(${arrays.join(', ')}) as ${alias}(${columns.map(([name]) => name).join(', ')})`;
  }
}

/** Beyond it a due time is no date of JavaScript any more. */
const MAX_MS = 8e15;
const MAX_INT = 2 ** 31 - 1;

/**
 * A number of milliseconds as the database takes it: not negative, and at most some 250,000 years.
 *
 * @throws RangeError for NaN, which has no meaning here and would fail the batches of others in the database.
 */
export function milliseconds(value: number): number;
export function milliseconds(value: number | null): number | null;
export function milliseconds(value: number | null): number | null {
  if (value === null) return null;
  if (Number.isNaN(value)) throw new RangeError('A duration is NaN; it must be a number of milliseconds.');
  return Math.min(Math.max(value, 0), MAX_MS);
}

/** The last millisecond that its text has a year of four digits for. */
const LAST_DATE = Date.UTC(10_000, 0) - 1;

/** A date as the database takes it: what is before 1970, or after the year 9999, becomes the nearest that is not. */
export function timestamp(date: Date): string {
  return new Date(Math.min(Math.max(date.getTime(), 0), LAST_DATE)).toISOString();
}

/** A measured duration in whole milliseconds, as an `int` column takes it. */
export function wholeMilliseconds(value: number | null): number | null {
  return value === null ? null : Math.min(Math.round(milliseconds(value)), MAX_INT);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether a text can be the id of an invocation at all; the database refuses a statement with another. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** A worker, with what it declares, as `register` takes it. */
export function registration(worker: WorkerRecord, leaseMs: number): unknown[] {
  const { id, host, pid, services, subscriptions = [], schedules = {} } = worker;
  const columns = [
    subscriptions.map(({ event }) => event),
    subscriptions.map(({ service }) => service),
    subscriptions.map(({ handler }) => handler),
  ];
  return [id, host, pid, services, milliseconds(leaseMs), ...columns, JSON.stringify(schedules)];
}
