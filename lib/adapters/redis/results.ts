import type { Logger } from '../../ports/logger.js';
import { Connection, messageOf } from './connection.js';
import type { Place } from './place.js';
import type { Client } from './scripts.js';
import type { RedisTiming } from './timing.js';

/** Hears ids that are over. */
export type NewsListener = (ids: readonly string[]) => void;

/** Listens to channels of results, all on one connection; a channel is subscribed to as long as someone listens. */
export class Results {
  readonly #listeners = new Map<string, Set<NewsListener>>();
  #connection: Connection | undefined;

  constructor(
    private readonly place: Place,
    private readonly timing: RedisTiming,
    private readonly logger: Logger,
  ) {}

  /** Resolves when the channel is subscribed to, or when Redis is away: then that happens once it is back. */
  async listen(channel: string, listener: NewsListener): Promise<() => Promise<void>> {
    const own: NewsListener = ids => listener(ids);
    const listeners = this.#listeners.get(channel);
    if (listeners) listeners.add(own);
    else this.#listeners.set(channel, new Set([own]));
    this.#connection ??= this.#connect();
    await this.#connection.untilKnown();
    await this.#command(client => client.subscribe(channel));
    return () => this.#unlisten(channel, own);
  }

  close(): void {
    this.#listeners.clear();
    this.#connection?.close();
  }

  async #unlisten(channel: string, own: NewsListener): Promise<void> {
    const listeners = this.#listeners.get(channel);
    if (!listeners?.delete(own) || listeners.size > 0) return;
    this.#listeners.delete(channel);
    await this.#command(client => client.unsubscribe(channel));
  }

  #connect(): Connection {
    const { place, timing } = this;
    const heard = (channel: string, message: string): void => this.#hear(channel, message.split('\n'));
    const up = (client: Client): void => {
      client.on('message', heard);
      if (this.#listeners.size > 0) void this.#command(() => client.subscribe(...this.#listeners.keys()));
    };
    return new Connection(place, 'durable:results', timing, { up }, 'ping');
  }

  /** What fails is made up for when the connection is there again. */
  async #command(work: (client: Client) => Promise<unknown>): Promise<void> {
    if (!this.#connection?.ready) return;
    await this.#connection.run(work).catch((error: unknown) => {
      if (this.#connection?.ready) this.logger.warn(`Redis refused a subscription: ${messageOf(error)}`);
    });
  }

  #hear(channel: string, ids: readonly string[]): void {
    for (const listener of [...(this.#listeners.get(channel) ?? [])]) {
      try {
        listener(ids);
      } catch (error) {
        this.logger.error(`A listener for results failed: ${messageOf(error)}`);
      }
    }
  }
}
