import { types } from 'node:util';

/**
 * What an error of pg, TypeORM or a socket asks for. `transient`: the connection or the server went away, or the
 * transaction must be tried again; the same work may succeed later. `permanent`: it will not.
 *
 * A transient error does not say whether the work was committed: the answer may be what was lost.
 */
export type ErrorClass = 'transient' | 'permanent';

/** SQLSTATE classes and codes, https://www.postgresql.org/docs/current/errcodes-appendix.html */
const TRANSIENT_STATES: readonly string[] = [
  '08', // connection exception; poolers report all of theirs as 08P01
  '25006', // read-only transaction: the connection still leads to what is a standby now
  '25P03', // idle in transaction for too long: the server closed the connection
  '25P04', // transaction timeout
  '40001', // serialization failure
  '40003', // whether the statement completed is unknown
  '40P01', // deadlock
  '53', // out of connections, memory or disk
  '55P03', // lock not available
  '57014', // statement cancelled from outside
  '57P01', // shut down by the administrator
  '57P02', // shut down by a crash
  '57P03', // starting up
  '57P05', // idle for too long: the server closed the connection
];

const TRANSIENT_CODES = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

/** Errors that pg, pg-pool and TypeORM give no code. */
const TRANSIENT_MESSAGES: readonly RegExp[] = [
  /^Connection terminated/, // pg, pg-pool: unexpectedly, or due to connection timeout
  /^timeout expired$/, // pg: while connecting
  /^timeout exceeded when trying to connect$/, // pg-pool: no client became free
  /^Query read timeout$/, // pg: query_timeout
  /^Client has encountered a connection error and is not queryable$/, // pg
  /^Client was closed and is not queryable$/, // pg
  /^Query runner already released/, // TypeORM: the server ended the connection within a transaction
];

const SQLSTATE = /^[0-9A-Z]{5}$/;

/**
 * Classifies an error, looking through what TypeORM and others wrapped around it. Errors are told by what they are,
 * not by `instanceof`: in Jest, those of Node itself are of another realm.
 */
export function classify(error: unknown): ErrorClass {
  return isTransient(error, 5) ? 'transient' : 'permanent';
}

/** A transaction met another one, and succeeds if it is done again: serialization failure, deadlock. */
const CONFLICTS: readonly unknown[] = ['40001', '40P01'];

/** Whether an error says that a transaction met another one. */
export function isConflict(error: unknown): boolean {
  return states(error, 5).some(state => CONFLICTS.includes(state));
}

/** What the server said, whoever wrapped it; `undefined`: it said nothing. */
export function sqlState(error: unknown): string | undefined {
  return states(error, 5)[0];
}

function states(error: unknown, depth: number): string[] {
  if (!types.isNativeError(error) || depth === 0) return [];
  const { code } = error as NodeJS.ErrnoException;
  const own = code !== undefined && SQLSTATE.test(code) && !TRANSIENT_CODES.has(code) ? [code] : [];
  return [...own, ...wrapped(error).flatMap(inner => states(inner, depth - 1))];
}

function isTransient(error: unknown, depth: number): boolean {
  if (!types.isNativeError(error) || depth === 0) return false;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && SQLSTATE.test(code) && !TRANSIENT_CODES.has(code)) {
    return TRANSIENT_STATES.some(state => code.startsWith(state));
  }
  return (
    (code !== undefined && TRANSIENT_CODES.has(code)) ||
    // The Unix socket of a server that is not there yet.
    (code === 'ENOENT' && syscall === 'connect') ||
    // TypeORM takes the query runner away when its connection breaks between two statements.
    /^QueryRunner(Provider)?AlreadyReleasedError$/.test(error.name) ||
    TRANSIENT_MESSAGES.some(pattern => pattern.test(error.message)) ||
    wrapped(error).some(inner => isTransient(inner, depth - 1))
  );
}

function wrapped(error: Error): unknown[] {
  const driverError = 'driverError' in error ? [error.driverError] : [];
  const errors: unknown[] = 'errors' in error && Array.isArray(error.errors) ? error.errors : [];
  return [...driverError, ...errors, error.cause];
}
