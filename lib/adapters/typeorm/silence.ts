import type { EventEmitter } from 'node:events';

/** A client of pg, as far as its connection is concerned. Others, as that of an embedded database, have none of this. */
export interface MaybeSocketClient {
  /** Whether the server has answered all that it was asked. */
  readonly readyForQuery?: boolean;
  readonly connection?: {
    readonly stream?: EventEmitter & { setTimeout(ms: number): unknown; destroy(error?: Error): unknown };
  };
}

/** What this library asks is answered long before, unless the network has swallowed the question or the answer. */
const SILENCE_MS = 30_000;

const limits = new WeakMap<object, number>();

/**
 * Breaks a connection once its server has said nothing for so long to a question. Without it, whoever asked would wait
 * until TCP gives up, for a quarter of an hour, when the other end has gone without a word. Nor does it wait for the
 * other end when it is closed.
 */
export function limitSilence(client: MaybeSocketClient, ms = SILENCE_MS): void {
  const stream = client.connection?.stream;
  if (!stream) return;
  limits.set(client, ms);
  stream.setTimeout(ms);
  stream.on('timeout', () => {
    // pg-errors.ts knows it by its first words.
    if (!client.readyForQuery)
      stream.destroy(new Error(`Connection terminated: PostgreSQL did not say anything for ${ms} ms`));
  });
  // We have said good-bye: an answer would tell us nothing, and the process may want to end.
  stream.on('finish', () => stream.destroy());
}

/** Does what may take any time, as a migration, or the wait for another one. */
export async function bearingSilence<T>(client: MaybeSocketClient, work: () => Promise<T>): Promise<T> {
  const ms = limits.get(client);
  if (ms === undefined) return work();
  const stream = client.connection?.stream;
  stream?.setTimeout(0);
  try {
    return await work();
  } finally {
    stream?.setTimeout(ms);
  }
}
