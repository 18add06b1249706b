import { Periodic } from '../../../lib/runtime/periodic.js';
import { HandClock } from '../../support/hand-clock.js';
import { RecordingLogger } from '../../support/recording-logger.js';

describe('something that is done every 10 s', () => {
  const times: number[] = [];
  let clock: HandClock;
  let periodic: Periodic;

  beforeEach(() => {
    times.length = 0;
    clock = new HandClock();
    const work = async (): Promise<void> => void times.push(clock.monotonic());
    periodic = new Periodic('work', 10_000, work, clock, new RecordingLogger());
    periodic.start();
  });

  it('is done at the sooner one of the times that are asked for, whichever comes last', async () => {
    periodic.soon(500);
    periodic.soon(3_000);
    await clock.moveTo(4_000);
    expect(times).toEqual([500]);
    periodic.soon(3_000);
    periodic.soon(200);
    await clock.moveTo(5_000);
    expect(times).toEqual([500, 4_200]);
  });

  it('is done at the time that is asked for, also if it was done before', async () => {
    periodic.soon(500);
    await periodic.now();
    await clock.moveTo(1_000);
    expect(times).toEqual([0, 500]);
  });

  it('is done at its turn, and no more once it is stopped', async () => {
    await clock.moveTo(11_000);
    expect(times).toHaveLength(1);
    periodic.soon(100);
    await periodic.stop();
    await clock.moveTo(60_000);
    expect(times).toHaveLength(1);
  });
});

describe('something that is done when it is asked for', () => {
  it('is done then, and at no other time, also after a failure', async () => {
    const times: number[] = [];
    const clock = new HandClock();
    const logger = new RecordingLogger();
    const work = async (): Promise<void> => {
      times.push(clock.monotonic());
      if (times.length === 1) throw new Error('away');
    };
    const periodic = new Periodic('work', Infinity, work, clock, logger);
    periodic.start();
    expect(clock.armed).toBe(0);
    await periodic.now();
    expect([times, clock.armed]).toEqual([[0], 0]);
    expect(logger.warnings).toEqual(['work failed, it is tried again later: Error: away']);
    periodic.soon(3_600_000);
    await clock.moveTo(10_000_000);
    expect([times, clock.armed]).toEqual([[0, 3_600_000], 0]);
    await periodic.stop();
  });
});
