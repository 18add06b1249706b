import { type JournalEntry, shownSignature } from '../engine/entry.js';
import type { InvocationRecord } from '../ports/store.js';
import type { Backend } from '../runtime/backend.js';

/** The journals of all invocations, for people. */
export interface JournalBook {
  readonly text: string;
  /** How each invocation ended, or where it stands: sorted. */
  readonly ends: readonly string[];
}

const LIMIT = 100;
const LONGEST_VALUE = 120;

export async function readJournals({ store, errors }: Backend): Promise<JournalBook> {
  const records = (await store.list({ limit: LIMIT })).reverse();
  const journals = await store.journals(records.map(({ id }) => id));
  const errorOf = (encoded: string): string => {
    const { name, message } = errors.decode(encoded);
    return `${name}: ${message}`;
  };
  const entry = (one: JournalEntry): string => {
    const { kind, name } = shownSignature(one);
    const what = one.outcome ?? (one.tries > 0 ? `${one.tries} failed tries` : 'open');
    const value =
      one.value === null
        ? ''
        : ` ${one.outcome === 'error' && kind !== 'saga' ? errorOf(one.value) : one.value}`;
    return `    #${one.index} ${`${kind} ${name}`.trimEnd()}: ${what}${shortened(value)}`;
  };
  const head = ({ id, service, handler, status, output, error }: InvocationRecord): string =>
    `  ${service}.${handler} (${id}): ${status}${shortened(error === null ? ` ${output ?? ''}` : ` ${errorOf(error)}`).trimEnd()}`;
  return {
    text: records.flatMap(one => [head(one), ...(journals.get(one.id) ?? []).map(entry)]).join('\n'),
    ends: records
      .map(({ service, handler, key, status }) => [`${service}.${handler}`, key ?? '', status].join(' '))
      .sort(),
  };
}

function shortened(text: string): string {
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)} …` : text;
}
