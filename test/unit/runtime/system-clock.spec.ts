import { jest } from '@jest/globals';
import { systemClock } from '../../../lib/runtime/system-clock.js';

const DAY = 86_400_000;
const YEAR_9999 = new Date('9999-12-31').getTime() - Date.now();
/** Above it Node warns of a TimeoutOverflowWarning, and fires at once. */
const LONGEST = 2 ** 31 - 1;

describe('S19 a wait that is longer than a timer of Node can be', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it.each([
    ['25 days', 25 * DAY],
    ['100 days', 100 * DAY],
    ['until the year 9999', YEAR_9999],
  ])('fires at its time and not before, and asks Node for no timer that it cannot have: %s', (_, ms) => {
    const asked = jest.spyOn(globalThis, 'setTimeout');
    let fired = 0;
    systemClock.after(ms, () => fired++);
    systemClock.roughlyAfter(ms, () => fired++);
    jest.advanceTimersByTime(ms - 1);
    expect(fired).toBe(0);
    jest.advanceTimersByTime(1);
    expect(fired).toBe(2);
    expect(asked.mock.calls.filter(([, delay]) => Number(delay) > LONGEST)).toEqual([]);
  });
});
