import type { Place } from './place.js';
import type { Client } from './scripts.js';
import type { RedisTiming } from './timing.js';
import { Gate, NoAnswer, jittered, within } from './timing.js';

/** What the owner of a connection wants to know. */
export interface ConnectionEvents {
  /** It can be used. `again`: it was lost, or could not be made, before. */
  up?(client: Client, again: boolean): void;
  /** It was lost, or could not be made. Once for each time that it is away. */
  down?(reason: string): void;
}

/**
 * One place in the process from which Redis is used; behind it one connection after the other.
 *
 * A connection that fails in any way (closed, silent, never ready, to a server that no longer serves the place) is
 * destroyed and a new one is made, for ever, with growing pauses. So nothing of ioredis's own reconnecting can go wrong.
 */
export class Connection {
  /** `undefined`: it is not there, or not known yet where it leads to. */
  #current: Client | undefined;
  #ready = false;
  #closed = false;
  #wasAway = false;
  #failures = 0;
  #reason = 'connection lost';
  #timer: NodeJS.Timeout | undefined;
  readonly #changed = new Gate();
  readonly #heartbeat: NodeJS.Timeout | undefined;

  /** @param name Of its connections, as `CLIENT LIST` shows them. */
  constructor(
    private readonly place: Place,
    private readonly name: string,
    private readonly timing: RedisTiming,
    private readonly events: ConnectionEvents,
    watch: 'ping' | 'owner watches',
  ) {
    this.#make();
    if (watch === 'ping') this.#heartbeat = setInterval(() => void this.#ping(), timing.heartbeatMs).unref();
  }

  /** Whether it can be used now. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Resolves when it can be used, or is closed. */
  async untilReady(): Promise<void> {
    while (!this.#ready && !this.#closed) await this.#changed.wait();
  }

  /** Resolves when it is known whether Redis can be reached: it can be used, or could not be made once. */
  async untilKnown(): Promise<void> {
    while (!this.#ready && !this.#wasAway && !this.#closed) await this.#changed.wait();
  }

  /**
   * Does something with the connection if it can be used now.
   *
   * @throws {Error} Redis is away, refused, or did not answer within `ms`; then the connection is replaced.
   */
  async run<T>(work: (client: Client) => Promise<T>, ms = this.timing.answerMs): Promise<T> {
    const client = this.#current;
    if (!this.#ready || !client) throw new Error(this.#reason);
    try {
      const answer = await within(ms, work(client));
      this.#failures = 0;
      return answer;
    } catch (error) {
      if (this.#isFatal(error) && client === this.#current) this.#lose(messageOf(error));
      throw error;
    }
  }

  /** Closes it for good. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ready = false;
    this.#reason = 'the transport is closed';
    clearTimeout(this.#timer);
    clearInterval(this.#heartbeat);
    if (this.#current) destroy(this.#current);
    this.#changed.open();
  }

  #make(): void {
    const limit = setTimeout(
      () => this.#lose(`not connected within ${this.timing.connectMs} ms`),
      this.timing.connectMs,
    );
    this.#timer = limit;
    const isMine = (): boolean => this.#timer === limit && !this.#closed;
    this.place.open(this.name).then(
      client => (isMine() ? this.#watch(client) : abandon(client)),
      (error: unknown) => isMine() && this.#lose(messageOf(error)),
    );
  }

  #watch(client: Client): void {
    this.#current = client;
    const isMine = (): boolean => client === this.#current && !this.#closed;
    client.on('error', (error: unknown) => {
      if (isMine()) this.#reason = messageOf(error);
    });
    client.on('ready', () => {
      if (isMine()) this.#rise(client);
    });
    client.on('end', () => {
      if (isMine()) this.#lose(this.#reason);
    });
  }

  /** Whether an error means that this connection is of no use: no answer came, or another server is to be asked. */
  #isFatal(error: unknown): boolean {
    return error instanceof NoAnswer || this.place.isElsewhere(messageOf(error));
  }

  async #ping(): Promise<void> {
    await this.run(client => client.ping()).catch(() => undefined);
  }

  #rise(client: Client): void {
    clearTimeout(this.#timer);
    const again = this.#wasAway;
    this.#ready = true;
    this.#wasAway = false;
    this.#reason = 'connection lost';
    this.events.up?.(client, again);
    this.#changed.open();
  }

  #lose(reason: string): void {
    const known = this.#wasAway;
    clearTimeout(this.#timer);
    if (this.#current) destroy(this.#current);
    this.#current = undefined;
    this.#ready = false;
    this.#wasAway = true;
    this.#reason = reason;
    const delay = Math.min(this.timing.reconnectMs, 50 * 2 ** Math.min(this.#failures++, 10));
    this.#timer = setTimeout(() => this.#make(), jittered(delay, 0.2));
    if (!known) this.events.down?.(reason);
    this.#changed.open();
  }
}

/** Ends a connection without waiting for the other side, which may be silent. */
export function destroy(client: Pick<Client, 'status' | 'disconnect' | 'stream'>): void {
  if (client.status === 'end') return;
  client.disconnect();
  const stream = client.stream as Client['stream'] | undefined;
  stream?.destroy();
}

/** Ends a connection that came too late. */
function abandon(client: Client): void {
  client.on('error', () => undefined);
  destroy(client);
}

/** What an error says. Messages of ioredis and Redis name hosts, never passwords. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message || 'connection refused';
}
