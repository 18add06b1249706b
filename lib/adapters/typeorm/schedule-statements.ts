import { scheduleAstray, scheduleRemoveUndeclared, scheduleUndeclared } from './sql/schedule-astray.js';
import { schedulePause, scheduleRemove, scheduleResume } from './sql/schedule-change.js';
import { scheduleCreate } from './sql/schedule-create.js';
import { scheduleDeclare, scheduleHold, scheduleTaken } from './sql/schedule-declare.js';
import { scheduleFind, scheduleList, scheduleUpcoming } from './sql/schedule-find.js';
import { scheduleAdvance, scheduleLock } from './sql/schedule-fire.js';
import type { Tables } from './tables.js';

/** Text of every statement about schedules. */
export function scheduleStatements(t: Tables) {
  return {
    scheduleAdvance: scheduleAdvance(t),
    scheduleAstray: scheduleAstray(t),
    scheduleCreate: scheduleCreate(t),
    scheduleDeclare: scheduleDeclare(t),
    scheduleFind: scheduleFind(t),
    scheduleHold: scheduleHold(t),
    scheduleList: scheduleList(t),
    scheduleLock: scheduleLock(t),
    schedulePause: schedulePause(t),
    scheduleRemove: scheduleRemove(t),
    scheduleRemoveUndeclared: scheduleRemoveUndeclared(t),
    scheduleResume: scheduleResume(t),
    scheduleTaken: scheduleTaken(t),
    scheduleUndeclared: scheduleUndeclared(t),
    scheduleUpcoming: scheduleUpcoming(t),
  };
}
