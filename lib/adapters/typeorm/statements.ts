import type { Batch, EntryWrite, ListQuery } from '../../ports/store.js';
import type { Statement } from './parameters.js';
import { scheduleStatements } from './schedule-statements.js';
import type { Tables } from './tables.js';
import { answerLock } from './sql/answer-lock.js';
import { answerTake } from './sql/answer-take.js';
import { attach } from './sql/attach.js';
import { claimDue } from './sql/claim-due.js';
import { claim } from './sql/claim.js';
import { commit } from './sql/commit.js';
import { controlAsk } from './sql/control-ask.js';
import { controlEnd } from './sql/control-end.js';
import { controlLock } from './sql/control-lock.js';
import { controlPause, controlResume } from './sql/control-pause.js';
import { controlSkip } from './sql/control-skip.js';
import { deregister } from './sql/deregister.js';
import { editCheck, editLock, editRelease, editState } from './sql/edit-state.js';
import { endLeases } from './sql/end-leases.js';
import { enter } from './sql/enter.js';
import { expire } from './sql/expire.js';
import { find } from './sql/find.js';
import { forgetDeadlines } from './sql/forget-deadlines.js';
import { holdsAbove } from './sql/holds-above.js';
import { inboxes } from './sql/inboxes.js';
import { journals } from './sql/journals.js';
import { list } from './sql/list.js';
import { lookAround } from './sql/look-around.js';
import { nextDue } from './sql/next-due.js';
import { outcomes } from './sql/outcomes.js';
import { overdue } from './sql/overdue.js';
import { progress } from './sql/progress.js';
import { promoteLock } from './sql/promote-lock.js';
import { promote, promoteTake } from './sql/promote-take.js';
import { purge } from './sql/purge.js';
import { reapFail } from './sql/reap-fail.js';
import { reapFind } from './sql/reap-find.js';
import { reapLock } from './sql/reap-lock.js';
import { reapTake } from './sql/reap-take.js';
import { recordedLock, recordedOutcome } from './sql/recorded.js';
import { register } from './sql/register.js';
import { releaseStray } from './sql/release-stray.js';
import { remaining } from './sql/remaining.js';
import { renew } from './sql/renew.js';
import { restart } from './sql/restart.js';
import { retryLock } from './sql/retry-lock.js';
import { retryRewind } from './sql/retry-rewind.js';
import { saga } from './sql/saga.js';
import { settle } from './sql/settle.js';
import { states } from './sql/states.js';
import { stranded } from './sql/stranded.js';
import { subscribers } from './sql/subscribers.js';
import { unanswered } from './sql/unanswered.js';

/** Text of every statement for one set of tables; three are made anew for what they are given. */
export function statements(t: Tables) {
  return {
    commit: (batch: Batch): Statement => commit(t, batch),
    list: (query: ListQuery): Statement => list(t, query),
    settle: (entry: EntryWrite): Statement => settle(t, entry),
    claim: claim(t),
    claimDue: (services: number) => claimDue(t, services),
    controlAsk: controlAsk(t),
    controlEnd: controlEnd(t),
    controlLock: controlLock(t),
    controlPause: controlPause(t),
    controlResume: controlResume(t),
    controlSkip: controlSkip(t),
    deregister: deregister(t),
    endLeases: endLeases(t),
    expire: expire(t),
    find: find(t),
    forgetDeadlines: forgetDeadlines(t),
    journals: journals(t),
    lookAround: lookAround(t),
    nextDue: nextDue(t),
    outcomes: outcomes(t),
    overdue: overdue(t),
    purge: purge(t),
    reapFail: reapFail(t),
    reapFind: reapFind(t),
    reapLock: reapLock(t),
    reapTake: reapTake(t),
    recordedLock: recordedLock(t),
    recordedOutcome: recordedOutcome(t),
    register: register(t),
    releaseStray: releaseStray(t),
    renew: renew(t),
    restart: restart(t),
    retryLock: retryLock(t),
    retryRewind: retryRewind(t),
    answerLock: answerLock(t),
    answerTake: answerTake(t),
    attach: attach(t),
    enter: enter(t),
    holdsAbove: holdsAbove(t),
    inboxes: inboxes(t),
    progress: progress(t),
    promoteLock: promoteLock(t),
    promote: promote(t),
    promoteTake: promoteTake(t),
    remaining: remaining(t),
    saga: saga(t),
    ...scheduleStatements(t),
    states: states(t),
    stranded: stranded(t),
    subscribers: subscribers(t),
    unanswered: unanswered(t),
    editCheck: editCheck(t),
    editLock: editLock(t),
    editRelease: editRelease(t),
    editState: editState(t),
  };
}

export type Statements = ReturnType<typeof statements>;
