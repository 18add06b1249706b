import { validate as isUuid } from 'uuid';
import { STATUSES, type InvocationStatus } from '../engine/status.js';
import { fields, integer, invalid } from './check.js';
import { isPrintable } from './names.js';

/** Which invocations `list()` gives. */
export interface ListOptions {
  readonly service?: string;
  readonly handler?: string;
  readonly status?: InvocationStatus;
  /** Id of the invocation that called them, or sent them. */
  readonly parent?: string;
  /** Accepted at or after. */
  readonly since?: Date;
  /** 1 to 1,000. @default 50 */
  readonly limit?: number;
  /** Where the page before ended. */
  readonly cursor?: string;
}

/** The same, checked. */
export type ResolvedListOptions = Omit<ListOptions, 'limit' | 'parent'> & {
  readonly limit: number;
  readonly parentId?: string;
};

const KNOWN: Readonly<Record<keyof ListOptions, true>> = {
  service: true,
  handler: true,
  status: true,
  parent: true,
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
    if (value === undefined || (typeof value === 'string' && isPrintable(value))) continue;
    throw invalid(`list(): ${name}`, value, 'a text without control characters and lone surrogates');
  }
  const { status, since } = given;
  if (status !== undefined && !STATUSES.includes(status as InvocationStatus)) {
    throw invalid('list(): status', status, STATUSES.join(', '));
  }
  if (since !== undefined && !(since instanceof Date && !Number.isNaN(since.getTime()))) {
    throw invalid('list(): since', since, 'a valid Date');
  }
  const limit = integer(given.limit, 'list(): limit', 1, MOST, USUAL);
  const { parent, ...query } = given as ListOptions;
  if (parent === undefined) return { ...query, limit };
  if (!isUuid(parent)) throw invalid('list(): parent', parent, 'the id of an invocation');
  return { ...query, parentId: parent.toLowerCase(), limit };
}
