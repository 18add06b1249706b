import { STATUSES, type InvocationStatus } from '../engine/status.js';
import { fields, integer, invalid } from './check.js';

/** Which invocations `list()` gives. */
export interface ListOptions {
  readonly service?: string;
  readonly handler?: string;
  readonly status?: InvocationStatus;
  /** Accepted at or after. */
  readonly since?: Date;
  /** 1 to 1,000. @default 50 */
  readonly limit?: number;
  /** Where the page before ended. */
  readonly cursor?: string;
}

/** The same, checked. */
export type ResolvedListOptions = Omit<ListOptions, 'limit'> & { readonly limit: number };

const KNOWN: Readonly<Record<keyof ListOptions, true>> = {
  service: true,
  handler: true,
  status: true,
  since: true,
  limit: true,
  cursor: true,
};
const MOST = 1_000;
const USUAL = 50;

/** @throws InvalidOptionError */
export function resolveListOptions(options: unknown): ResolvedListOptions {
  const given = fields<ListOptions>(options, 'list(): ', KNOWN);
  for (const name of ['service', 'handler', 'cursor'] as const) {
    const value = given[name];
    if (value !== undefined && typeof value !== 'string') throw invalid(`list(): ${name}`, value, 'a text');
  }
  const { status, since } = given;
  if (status !== undefined && !STATUSES.includes(status as InvocationStatus)) {
    throw invalid('list(): status', status, STATUSES.join(', '));
  }
  if (since !== undefined && !(since instanceof Date && !Number.isNaN(since.getTime()))) {
    throw invalid('list(): since', since, 'a valid Date');
  }
  const limit = integer(given.limit, 'list(): limit', 1, MOST, USUAL);
  return { ...(given as ListOptions), limit };
}
