/** A hint in a ready stream, as a worker read it. */
export interface Entry {
  /** Key of the stream. */
  readonly stream: string;
  /** Its place there. */
  readonly entry: string;
  /** The invocation that it names; empty: none, so that it is only to be forgotten. */
  readonly id: string;
}

/** The entries of an answer of `XREADGROUP`. Whatever is not a whole entry is passed over. */
export function entriesRead(answer: unknown): Entry[] {
  return listOf(answer).flatMap(part => {
    const [stream, entries] = listOf(part);
    return typeof stream === 'string' ? entriesOf(stream, entries) : [];
  });
}

/** Entries of one stream: `[place, ['id', id]]`. Deleted ones have no fields and are passed over. */
export function entriesOf(stream: string, answer: unknown): Entry[] {
  return listOf(answer).flatMap(part => {
    const [entry, fields] = listOf(part);
    if (typeof entry !== 'string' || !Array.isArray(fields)) return [];
    const [, id] = listOf(fields);
    return [{ stream, entry, id: typeof id === 'string' ? id : '' }];
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
