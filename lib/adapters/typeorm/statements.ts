import type { Batch, ListQuery } from '../../ports/store.js';
import type { Statement } from './parameters.js';
import { claimDue } from './sql/claim-due.js';
import { claim } from './sql/claim.js';
import { commit } from './sql/commit.js';
import { deregister } from './sql/deregister.js';
import { endLeases } from './sql/end-leases.js';
import { find } from './sql/find.js';
import { journals } from './sql/journals.js';
import { list } from './sql/list.js';
import { nextDue } from './sql/next-due.js';
import { outcomes } from './sql/outcomes.js';
import { purge } from './sql/purge.js';
import { reapFail } from './sql/reap-fail.js';
import { reapFind } from './sql/reap-find.js';
import { reapLock } from './sql/reap-lock.js';
import { reapTake } from './sql/reap-take.js';
import { register } from './sql/register.js';
import { releaseStray } from './sql/release-stray.js';
import { renew } from './sql/renew.js';
import { retryLock } from './sql/retry-lock.js';
import { retryRewind } from './sql/retry-rewind.js';
import type { Tables } from './tables.js';

/** Text of every statement for one set of tables; two are made anew for what they are given. */
export function statements(t: Tables) {
  return {
    commit: (batch: Batch): Statement => commit(t, batch),
    list: (query: ListQuery): Statement => list(t, query),
    claim: claim(t),
    claimDue: claimDue(t),
    deregister: deregister(t),
    endLeases: endLeases(t),
    find: find(t),
    journals: journals(t),
    nextDue: nextDue(t),
    outcomes: outcomes(t),
    purge: purge(t),
    reapFail: reapFail(t),
    reapFind: reapFind(t),
    reapLock: reapLock(t),
    reapTake: reapTake(t),
    register: register(t),
    releaseStray: releaseStray(t),
    renew: renew(t),
    retryLock: retryLock(t),
    retryRewind: retryRewind(t),
  };
}

export type Statements = ReturnType<typeof statements>;
