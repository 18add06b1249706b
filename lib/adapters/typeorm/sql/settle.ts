import type { EntryWrite } from '../../../ports/store.js';
import type { Statement } from '../parameters.js';
import type { Tables } from '../tables.js';
import { commit } from './commit.js';
import { LIMIT_IDLE } from './patience.js';

/**
 * The last statement of a step's own transaction: a commit of its entry alone, so the same fence and the same write.
 *
 * From here on it has the lock that everybody needs who writes for the invocation. So the server is told to end the
 * session if the COMMIT does not follow: its process may be stopped, or the network gone.
 */
export function settle(t: Tables, entry: EntryWrite): Statement {
  const { text, values } = commit(t, { accepts: [], entries: [entry], transitions: [], arrivals: [] });
  return {
    text: `${text},\n  ${LIMIT_IDLE} as patience`,
    values,
  };
}
