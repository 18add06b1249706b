import { setImmediate } from 'node:timers/promises';
import { ErrorRegistry, JsonCodec, RecordErrorCodec } from '../../lib/codec/index.js';
import type { Firing, UpcomingSchedule } from '../../lib/ports/schedules.js';
import type { Backend } from '../../lib/runtime/backend.js';
import type { ScheduleKeeper } from '../../lib/runtime/schedule-keeper.js';
import { Scheduler } from '../../lib/runtime/scheduler.js';
import { systemClock } from '../../lib/runtime/system-clock.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { until } from '../support/until.js';

const NOW = new Date(60_000);
const DUE: UpcomingSchedule = {
  ...{ name: 'n', service: 'S', handler: 'h', kind: 'service', key: null, input: '[]', cron: null },
  ...{ timeZone: null, everyMs: 60_000, overlap: 'cancelPrevious', catchUp: 'none', revision: 1 },
  ...{ isDeclared: false, isPaused: false, nextAt: NOW, lastAt: null, lastInvocationId: 'previous' },
  ...{ lateByMs: null, skipped: 0, createdAt: NOW, isLive: true, finishedAt: null },
};

/** A scheduler on a store that has one schedule due, for ever, and does with each slot what it is told to. */
function scheduler(fire: (firing: Firing) => Promise<'ok' | 'lost'>) {
  const codec = new JsonCodec();
  const events: string[] = [];
  const store = {
    schedules: {
      upcoming: async () => ({ now: NOW, schedules: [DUE] }),
      fire: async (firing: Firing) => {
        await setImmediate();
        const result = await fire(firing);
        events.push(result);
        return result;
      },
    },
    isTransient: () => true,
    cancel: async (id: string) => {
      events.push(`cancel ${id}`);
    },
  };
  const keeper = { start: async () => undefined, stop: async () => undefined } as unknown as ScheduleKeeper;
  const messenger = { ready: () => undefined, controlled: () => undefined };
  const errors = new RecordErrorCodec(new ErrorRegistry(), codec);
  const parts = { store, messenger, errors, codec, origin: 'test', clock: systemClock };
  const backend = { ...parts, logger: new RecordingLogger() } as unknown as Backend;
  const options = { services: ['S'], sweepMs: 1_000 };
  return { scheduler: new Scheduler(options, keeper, backend), events };
}

describe('a scheduler', () => {
  it('cancels the invocation before the slot, so that a crash in between leaves no two of them', async () => {
    const { scheduler: looking, events } = scheduler(async () => 'ok');
    await looking.start();
    await until('it has started one', () => events.length > 1);
    await looking.stop();
    expect(events.slice(0, 2)).toEqual(['cancel previous', 'ok']);
  });

  it('stops in the midst of slots that are due', async () => {
    const { scheduler: looking, events } = scheduler(async () => 'ok');
    await looking.start();
    await until('it fires one after the other', () => events.length > 4);
    await looking.stop();
    const fired = events.length;
    await setImmediate();
    expect(events).toHaveLength(fired);
  }, 3_000);
});
