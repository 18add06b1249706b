import type { DueHint, Hint } from '../../ports/store.js';
import type { Connection } from './connection.js';
import { messageOf } from './connection.js';
import type { Entry } from './entries.js';
import { grouped } from './grouped.js';
import type { Keys } from './keys.js';
import { GROUP, isOriginName, isServiceName } from './keys.js';
import type { Outage } from './outage.js';
import type { Client, Pipe } from './scripts.js';
import { Gate } from './timing.js';

/** Pipelines under way at the same time; above it announcements gather, and the batches grow. */
const PIPELINES = 8;
/** Announcements that may gather. */
const CAPACITY = 100_000;
/** Ids in one command, so that no script holds up the server. */
const CHUNK = 1_000;

/**
 * What this process tells Redis: gathered for one turn of the event loop, then sent in one pipeline with one
 * command per stream. Nothing here waits, throws or is sent twice: what cannot be sent now is dropped and counted.
 */
export class Outbox {
  #batch = new Batch();
  #scheduled = false;
  #underWay = 0;
  readonly #quiet = new Gate();

  constructor(
    private readonly connection: Connection,
    private readonly keys: Keys,
    private readonly outage: Outage,
  ) {}

  ready(hints: readonly Hint[]): void {
    for (const { service, id } of hints) {
      if (isServiceName(service) && this.#admit()) append(this.#batch.ready, service, id);
    }
  }

  due(hints: readonly DueHint[]): void {
    const now = performance.now();
    for (const { service, id, dueInMs } of hints) {
      if (isServiceName(service) && this.#admit()) this.#batch.due.push([now + dueInMs, `${service} ${id}`]);
    }
  }

  tell(origin: string, ids: readonly string[]): void {
    if (!isOriginName(origin)) return;
    for (const id of ids) if (this.#admit()) append(this.#batch.finished, origin, id);
  }

  /** Entries that workers took: the streams may forget them. Resolves when that was answered, or dropped. */
  taken(entries: readonly Entry[]): Promise<void> {
    this.#batch.taken.push(...entries);
    this.#schedule();
    return this.#batch.over.wait();
  }

  /** Resolves when everything so far was sent or dropped; bounded by the deadline of a command. */
  async drained(): Promise<void> {
    while (this.#scheduled || this.#underWay > 0) await this.#quiet.wait();
  }

  #admit(): boolean {
    if (this.#batch.announcements >= CAPACITY) {
      this.outage.lose(1);
      return false;
    }
    this.#batch.announcements += 1;
    this.#schedule();
    return true;
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay >= PIPELINES) return;
    this.#scheduled = true;
    setImmediate(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = new Batch();
    this.#scheduled = false;
    this.#underWay += 1;
    try {
      await this.connection.run(client => this.#send(client, batch));
      // A full server still takes results and acknowledgements: they prove nothing.
      if (batch.ready.size + batch.due.length > 0) this.outage.end();
    } catch (error) {
      this.outage.lose(batch.announcements);
      this.outage.begin(messageOf(error));
    }
    batch.over.open();
    this.#underWay -= 1;
    if (!this.#batch.isEmpty) this.#schedule();
    if (!this.#scheduled && this.#underWay === 0) this.#quiet.open();
  }

  async #send(client: Client, batch: Batch): Promise<void> {
    const pipeline = client.pipeline();
    batch.write(pipeline, this.keys);
    const results = (await pipeline.exec()) ?? [];
    for (const [error] of results) if (error) throw error;
  }
}

/** What one pipeline carries. */
class Batch {
  announcements = 0;
  readonly ready = new Map<string, string[]>();
  readonly due: [at: number, member: string][] = [];
  readonly finished = new Map<string, string[]>();
  readonly taken: Entry[] = [];
  /** Opens once it was answered, or dropped. */
  readonly over = new Gate();

  get isEmpty(): boolean {
    return this.announcements === 0 && this.taken.length === 0;
  }

  write(pipeline: Pipe, keys: Keys): void {
    for (const [service, ids] of this.ready) {
      for (const chunk of chunksOf(ids)) pipeline.durableAnnounce(keys.ready(service), ...chunk);
    }
    const now = performance.now();
    for (const chunk of chunksOf(this.due)) {
      const args = chunk.flatMap(([at, member]) => [Math.max(0, Math.ceil(at - now)), member]);
      pipeline.durableSchedule(keys.due, ...args);
    }
    for (const [origin, ids] of this.finished) {
      for (const chunk of chunksOf(ids)) pipeline.publish(keys.news(origin), chunk.join('\n'));
    }
    for (const [stream, entries] of grouped(this.taken, entry => entry.stream)) {
      const places = entries.map(({ entry }) => entry);
      for (const chunk of chunksOf(places)) pipeline.durableForget(stream, GROUP, ...chunk);
    }
  }
}

function append(lists: Map<string, string[]>, name: string, id: string): void {
  const list = lists.get(name);
  if (list) list.push(id);
  else lists.set(name, [id]);
}

function* chunksOf<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += CHUNK) yield items.slice(at, at + CHUNK);
}
