import fc from 'fast-check';
import { inputWithSlot, readInput } from '../../../lib/engine/scheduled-input.js';
import {
  type CatchUp,
  type DueState,
  MOST_AT_ONCE,
  ON_TIME_MS,
  type Overlap,
  OVERLAPS,
  planFiring,
} from '../../../lib/engine/schedule.js';

const MINUTE = 60_000;
const every = (ms: number) => (after: number) => (Math.floor(after / ms) + 1) * ms;
const minutely = every(MINUTE);
const NOBODY = { isLive: false, finishedAt: undefined };

/** What is done about minutely slots, of which the first that is due is number 100, when so many minutes have gone by. */
function plan(overlap: Overlap, catchUp: CatchUp, minutes: number, previous: DueState['previous'] = NOBODY) {
  const now = (100 + minutes) * MINUTE + 5_000;
  const planned = planFiring({ now, nextAt: 100 * MINUTE, overlap, catchUp, previous }, minutely);
  if (!planned) return undefined;
  const { start, nextAt, skips } = planned;
  return { start: start.map(slot => slot / MINUTE), nextAt: nextAt! / MINUTE, ...(skips && { skips }) };
}

describe('what is done about slots that are due', () => {
  it.each(OVERLAPS)('%s: one that is on time starts, whatever is caught up', overlap => {
    for (const catchUp of ['last', 'none', 'all', 0, 10 * MINUTE] as const)
      expect(plan(overlap, catchUp, 0)).toEqual({ start: [100], nextAt: 101 });
  });

  it('after a downtime: the newest, none, all, or those within a time', () => {
    expect(plan('allow', 'last', 5)).toEqual({ start: [105], nextAt: 106 });
    expect(plan('allow', 'all', 3)).toEqual({ start: [100, 101, 102, 103], nextAt: 104 });
    expect(plan('allow', 2 * MINUTE + 10_000, 5)).toEqual({ start: [103, 104, 105], nextAt: 106 });
    expect(plan('allow', 60 * MINUTE, 1)).toEqual({ start: [100, 101], nextAt: 102 });
  });

  it('none: what is later than on time is not started', () => {
    const at = (ms: number, catchUp: CatchUp, overlap: Overlap = 'allow') =>
      planFiring(
        { now: 100 * MINUTE + ms, nextAt: 100 * MINUTE, overlap, catchUp, previous: NOBODY },
        minutely,
      );
    for (const overlap of OVERLAPS) {
      expect(at(ON_TIME_MS, 'none', overlap)!.start).toHaveLength(1);
      const passed = { start: [], nextAt: 101 * MINUTE, skips: false };
      expect(at(ON_TIME_MS + 1, 'none', overlap)).toEqual(passed);
      expect(at(ON_TIME_MS + 2, ON_TIME_MS + 1, overlap)).toEqual(passed);
      expect(at(ON_TIME_MS + 1, ON_TIME_MS + 1, overlap)!.start).toHaveLength(1);
    }
  });

  it('only those that may run beside each other start together', () => {
    for (const overlap of ['skip', 'cancelPrevious'] as const)
      expect(plan(overlap, 'all', 5)).toEqual({ start: [105], nextAt: 106 });
    expect(plan('queue', 'all', 5)).toEqual({ start: [100], nextAt: 101 });
    expect(plan('queue', 'last', 5)).toEqual({ start: [105], nextAt: 106 });
    expect(plan('queue', 3 * MINUTE, 5)).toEqual({ start: [103], nextAt: 104 });
  });

  it('while the one before is not over: passed, waits, starts', () => {
    const live = { isLive: true, finishedAt: undefined };
    expect(plan('skip', 'last', 0, live)).toEqual({ start: [], nextAt: 101, skips: true });
    expect(plan('skip', 'none', 1, live)).toEqual({ start: [], nextAt: 102, skips: true });
    expect(plan('queue', 'all', 3, live)).toBeUndefined();
    expect(plan('allow', 'last', 0, live)).toEqual({ start: [100], nextAt: 101 });
    expect(plan('cancelPrevious', 'last', 0, live)).toEqual({ start: [100], nextAt: 101 });
  });

  it('queue: what came while the one before ran has waited, and was not missed', () => {
    const until = (slot: number) => ({ isLive: false, finishedAt: slot * MINUTE });
    for (const catchUp of ['last', 'none', 'all', MINUTE] as const) {
      expect(plan('queue', catchUp, 5, until(103.5))).toEqual({ start: [100], nextAt: 101 });
      expect(plan('queue', catchUp, 5, until(100))).toEqual({ start: [100], nextAt: 101 });
    }
    expect(plan('queue', 'last', 5, until(99.9))).toEqual({ start: [105], nextAt: 106 });
  });

  it('all: so many at once, the others next time', () => {
    const first = plan('allow', 'all', 2_500)!;
    expect(first.start).toHaveLength(MOST_AT_ONCE);
    expect(first.nextAt).toBe(100 + MOST_AT_ONCE);
  });

  it('after a long downtime it does not go through every slot', () => {
    let asked = 0;
    const counted = (after: number) => (asked++, minutely(after));
    const due = { now: 1e12, nextAt: MINUTE, overlap: 'skip', catchUp: 'last', previous: NOBODY } as const;
    expect(planFiring(due, counted)!.start).toEqual([Math.floor(1e12 / MINUTE) * MINUTE]);
    expect(asked).toBeLessThan(200);
  });

  it('a pattern that has ended: what is due is started, and nothing follows', () => {
    const once = (after: number) => (after < 100 ? 100 : undefined);
    const due = { now: 5_000, nextAt: 100, catchUp: 'all', previous: NOBODY } as const;
    for (const overlap of OVERLAPS)
      expect(planFiring({ ...due, overlap }, once)).toEqual({
        start: [100],
        nextAt: undefined,
        skips: false,
      });
  });

  it('starts due slots only, each once, and goes on behind them', () => {
    const state = fc.record({
      ms: fc.integer({ min: 100, max: 100_000 }),
      slot: fc.integer({ min: 1, max: 1_000 }),
      late: fc.integer({ min: 0, max: 3_000_000 }),
      overlap: fc.constantFrom(...OVERLAPS),
      catchUp: fc.oneof(fc.constantFrom('last', 'none', 'all'), fc.integer({ min: 0, max: 1_000_000 })),
      isLive: fc.boolean(),
    });
    fc.assert(
      fc.property(state, ({ ms, slot, late, overlap, catchUp, isLive }) => {
        const nextAt = slot * ms;
        const now = nextAt + late;
        const previous = { isLive, finishedAt: isLive ? undefined : nextAt - 1 };
        const planned = planFiring({ now, nextAt, overlap, catchUp: catchUp, previous }, every(ms));
        if (!planned) return expect([overlap, isLive]).toEqual(['queue', true]);
        const { start, nextAt: then } = planned;
        expect(start.every(at => at >= nextAt && at <= now && at % ms === 0)).toBe(true);
        expect([...new Set(start)].sort((a, b) => a - b)).toEqual(start);
        expect(then).toBeGreaterThan(start.at(-1) ?? nextAt);
        if (overlap !== 'allow') expect(start.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2_000 },
    );
  });
});

test('the input of an invocation has its slot beside the arguments', () => {
  const slot = { schedule: 'nightly', scheduledFor: 1_000 };
  expect(readInput(inputWithSlot([1, { schedule: 'x' }], slot))).toEqual({
    args: [1, { schedule: 'x' }],
    slot,
  });
  expect(readInput([slot])).toEqual({ args: [slot] });
});
