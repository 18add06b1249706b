import type { EntityManager, QueryRunner } from 'typeorm';
import { InvalidOptionError } from '../errors/options.errors.js';
import { fields, invalid, join, type Path } from './check.js';
import { type Duration, parseDuration } from './duration.js';
import type { Moment } from '../ports/writes.js';
import { assertName, isPrintable } from './names.js';

/** Options of `send()`, of the client and of `DurableContext`. */
export interface SendOptions {
  /**
   * Which object of a `@VirtualObject()` it is addressed to: a text of 1 to 1,024 bytes of UTF-8. Texts that differ in
   * any character, the Unicode form included, are different objects.
   */
  readonly key?: string;
  /**
   * Names the request: sent again under the same key, it is accepted once, and both callers hold the same
   * invocation. 1 to 512 printable characters. Keys are told apart by handler and object.
   */
  readonly idempotencyKey?: string;
  /** How long to wait before it starts. Not together with `at`. @default 0 */
  readonly delay?: Duration;
  /** When it starts, at the earliest, by the clock of the database. Not together with `delay`. @default at once */
  readonly at?: Date;
  /**
   * When it is to be over: so long after its acceptance, or a date, by the clock of the database. If it is not, what its
   * handler waits for then is rejected with a `DeadlineExceededError`, as a cancellation does it. @default never
   */
  readonly deadline?: Duration | Date;
}

/** Options of `call()`, of the client and of `DurableContext`. */
export interface CallOptions extends SendOptions {
  /** How long to wait for the result, at the most. The invocation goes on. @default until the end */
  readonly timeout?: Duration;
}

/** A signal that an invocation gets as it is accepted. */
export interface StartSignal {
  readonly name: string;
  readonly value?: unknown;
}

/** Options of `DurableClient.send()`. */
export interface ClientSendOptions extends SendOptions {
  /** Signals the invocation once it is accepted: once, however often it is sent under one `idempotencyKey`. */
  readonly signal?: StartSignal;
  /**
   * The transaction to send it in: an `EntityManager` or a `QueryRunner` of the `DataSource` that is the option
   * `postgres` of the module. It is dispatched after the commit, and gone after a rollback.
   * @default the one that the running code is in, as `dataSource.transaction()` opened it
   */
  readonly transaction?: EntityManager | QueryRunner;
}

/** Options of `DurableClient.call()`. */
export interface ClientCallOptions extends CallOptions {
  /** Signals the invocation once it is accepted: once, however often it is called under one `idempotencyKey`. */
  readonly signal?: StartSignal;
}

/** Options of `send()`, checked. */
export interface ResolvedSendOptions {
  /** As it was given: whether it may be one is known together with what is addressed (`objectKeyFor`). */
  readonly key: unknown;
  readonly idempotencyKey: string | undefined;
  /** In milliseconds; 0 if it starts at once, or `at` says when. */
  readonly delayMs: number;
  readonly at: Date | undefined;
  readonly deadline: Moment | undefined;
}

/** Options of `call()`, checked. */
export interface ResolvedCallOptions extends ResolvedSendOptions {
  readonly timeoutMs: number | undefined;
}

/** Options of a client, checked. */
export interface ResolvedClientOptions extends ResolvedCallOptions {
  readonly signal: StartSignal | undefined;
  /** As it was given: what it is is known to those that have the transactions. */
  readonly transaction: unknown;
}

const SEND: Readonly<Record<keyof SendOptions, true>> = {
  key: true,
  idempotencyKey: true,
  delay: true,
  at: true,
  deadline: true,
};
const CALL: Readonly<Record<keyof CallOptions, true>> = { ...SEND, timeout: true };
const CLIENT_SEND: Readonly<Record<keyof ClientSendOptions, true>> = {
  ...SEND,
  signal: true,
  transaction: true,
};
const CLIENT_CALL: Readonly<Record<keyof ClientCallOptions, true>> = { ...CALL, signal: true };
const SIGNAL: Readonly<Record<keyof StartSignal, true>> = { name: true, value: true };
/** What a call without options is given: nothing to check. */
export const NO_OPTIONS: Readonly<Record<never, never>> = Object.freeze({});
const NOTHING_GIVEN: ResolvedClientOptions = Object.freeze({
  key: undefined,
  idempotencyKey: undefined,
  delayMs: 0,
  at: undefined,
  deadline: undefined,
  timeoutMs: undefined,
  signal: undefined,
  transaction: undefined,
});
const LONGEST_KEY = 512;
const KEY_RULE = `a text of 1 to ${LONGEST_KEY} characters without control characters and lone surrogates`;

type Given = Readonly<Partial<Record<keyof ClientCallOptions | keyof ClientSendOptions, unknown>>>;

/** @throws InvalidOptionError, InvalidDurationError */
export function resolveSendOptions(options: unknown, where = 'send()'): ResolvedSendOptions {
  const path = `${where}: `;
  return Object.freeze(sendFields(fields<SendOptions>(options ?? {}, path, SEND), path));
}

/** @throws InvalidOptionError, InvalidDurationError */
export function resolveCallOptions(options: unknown, where = 'call()'): ResolvedCallOptions {
  const path = `${where}: `;
  const given = fields<CallOptions>(options ?? {}, path, CALL);
  return Object.freeze({ ...sendFields(given, path), timeoutMs: timeoutField(given, path) });
}

/**
 * Checks options of a client.
 * @param verb a `send` has no `timeout`
 * @throws InvalidOptionError, InvalidDurationError, InvalidNameError
 */
export function resolveClientOptions(options: unknown, verb: 'call' | 'send'): ResolvedClientOptions {
  if (options === NO_OPTIONS) return NOTHING_GIVEN;
  const path = `${verb}(): `;
  const given: Given =
    verb === 'call'
      ? fields<ClientCallOptions>(options ?? {}, path, CLIENT_CALL)
      : fields<ClientSendOptions>(options ?? {}, path, CLIENT_SEND);
  const timeoutMs = timeoutField(given, path);
  const signal = signalField(given, path);
  return Object.freeze({ ...sendFields(given, path), timeoutMs, signal, transaction: given.transaction });
}

/** @throws InvalidOptionError unless it may be an idempotency key */
export function checkIdempotencyKey(value: unknown, path: Path): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= LONGEST_KEY && isPrintable(value))
    return value;
  throw invalid(path, value, KEY_RULE);
}

/**
 * A copy of a date. Whatever is before 1970 is due at once: years before Christ would have to be written in another
 * way.
 * @throws InvalidOptionError unless it is a valid one
 */
export function checkDate(value: unknown, path: Path): Date {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return new Date(Math.max(0, value.getTime()));
  throw invalid(path, value, 'a valid Date');
}

function sendFields(given: Given, path: Path): ResolvedSendOptions {
  const { key, idempotencyKey, delay, at, deadline } = given;
  if (delay !== undefined && at !== undefined) {
    throw new InvalidOptionError(join(path, 'at'), 'stands beside delay', 'one of delay and at');
  }
  return {
    key,
    idempotencyKey:
      idempotencyKey === undefined
        ? undefined
        : checkIdempotencyKey(idempotencyKey, join(path, 'idempotencyKey')),
    delayMs: delay === undefined ? 0 : parseDuration(delay, join(path, 'delay')),
    at: at === undefined ? undefined : checkDate(at, join(path, 'at')),
    deadline: deadline === undefined ? undefined : checkMoment(deadline, join(path, 'deadline')),
  };
}

function checkMoment(value: unknown, path: Path): Moment {
  return value instanceof Date ? { at: checkDate(value, path) } : { ms: parseDuration(value, path) };
}

function timeoutField({ timeout }: Given, path: Path): number | undefined {
  return timeout === undefined ? undefined : parseDuration(timeout, join(path, 'timeout'));
}

function signalField({ signal }: Given, path: Path): StartSignal | undefined {
  if (signal === undefined) return undefined;
  const { name, value } = fields<StartSignal>(signal, join(path, 'signal'), SIGNAL);
  assertName('signal', name, join(path, 'signal'));
  return { name, value };
}
