import { InvalidOptionError } from '../../errors/options.errors.js';

/** The consumer group of every ready stream. */
export const GROUP = 'workers';

const NAMESPACE = /^[A-Za-z0-9_.-]{1,64}$/;
const SERVICE = /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/;
const ORIGIN = /^[A-Za-z0-9_.:-]{1,128}$/;

/** Whether a name can stand in a key, and before the space in a member of the due set. */
export function isServiceName(name: string): boolean {
  return SERVICE.test(name);
}

/** Whether a name can stand in a channel. */
export function isOriginName(name: string): boolean {
  return ORIGIN.test(name);
}

/**
 * Every key of a partition of the transport, and its channels. All of a namespace and partition have one hash tag, so
 * that a script may use any of them in a Cluster. A service is in one partition; one server has but partition 0.
 *
 * - `durable:{<namespace>:<partition>}:ready:<service>`: stream of ids that can be claimed;
 * - `durable:{<namespace>:<partition>}:due`: sorted set, member `<service> <id>`, score milliseconds of Redis's clock;
 * - `durable:{<namespace>:0}:finished:<origin>`: channel of ids that are over. Channels are of no partition: every node
 *   of a Cluster passes on what any of them is told.
 */
export class Keys {
  /** What the key of every ready stream starts with. */
  readonly readyPrefix: string;
  readonly due: string;
  readonly #channels: string;

  /**
   * @param partition Which one: from 0 on.
   * @param prefix What ioredis's `keyPrefix` would have put before every key.
   * @throws {InvalidOptionError} `DURABLE_INVALID_OPTION`: the namespace has other characters than `A-Za-z0-9_.-`
   * or is longer than 64.
   */
  constructor(namespace: string, partition: number, prefix = '') {
    if (!NAMESPACE.test(namespace)) throw refused('namespace', namespace, NAMESPACE);
    const base = `${prefix}durable:{${namespace}:${partition}}:`;
    this.readyPrefix = `${base}ready:`;
    this.due = `${base}due`;
    this.#channels = `${prefix}durable:{${namespace}:0}:finished:`;
  }

  /** @throws {InvalidOptionError} `DURABLE_INVALID_OPTION`: no name of a service. */
  ready(service: string): string {
    if (!isServiceName(service)) throw refused('service', service, SERVICE);
    return this.readyPrefix + service;
  }

  /** The service of a ready stream. */
  serviceOf(stream: string): string {
    return stream.slice(this.readyPrefix.length);
  }

  /** @throws {InvalidOptionError} `DURABLE_INVALID_OPTION`: no name of an origin. */
  news(origin: string): string {
    if (!isOriginName(origin)) throw refused('origin', origin, ORIGIN);
    return this.#channels + origin;
  }
}

function refused(option: string, value: string, allowed: RegExp): InvalidOptionError {
  return new InvalidOptionError(
    option,
    `is ${JSON.stringify(value)}`,
    `a text that matches ${String(allowed)}`,
  );
}
