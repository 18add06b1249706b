import { Rounds } from '../../lib/runtime/rounds.js';
import { HandClock } from '../support/hand-clock.js';

const FIRST_MS = 50;
const LAST_MS = 1_000;

function rounds(leastMs = 0) {
  const clock = new HandClock();
  const asked: { readonly at: number; readonly ids: readonly string[] }[] = [];
  const over = new Set<string>();
  const ask = async (ids: readonly string[]): Promise<readonly string[]> => {
    asked.push({ at: clock.monotonic(), ids });
    return ids.filter(id => !over.has(id));
  };
  const times = { shortestMs: FIRST_MS, longestMs: LAST_MS, leastMs: () => leastMs };
  const all = new Rounds({ ...times, ask }, clock);
  return {
    all,
    asked,
    clock,
    over,
    timesOf: (id: string) => asked.filter(({ ids }) => ids.includes(id)).map(({ at }) => at),
  };
}

describe('what is awaited', () => {
  it('is asked about soon, and then ever less often, up to once in a while', async () => {
    const { all, clock, timesOf } = rounds();
    all.add('a');
    await clock.moveTo(4_000);
    expect(timesOf('a')).toEqual([50, 150, 350, 750, 1_550, 2_550, 3_550]);
  });

  it('is asked about no more once it is over', async () => {
    const { all, clock, over, asked } = rounds();
    all.add('a');
    await clock.moveTo(100);
    over.add('a');
    await clock.moveTo(10_000);
    expect(asked).toHaveLength(2);
    expect(clock.armed).toBe(0);
  });

  it('for long is not asked about at the pace of what is new', async () => {
    const { all, clock, timesOf } = rounds();
    all.add('old');
    for (let at = 10; at <= 3_000; at += 10) {
      all.add(`new ${at}`);
      await clock.moveTo(at);
    }
    expect(timesOf('old').length).toBeLessThanOrEqual(7);
    expect(timesOf('new 10').length).toBeLessThanOrEqual(7);
  });

  it('soon after something else is asked about with it', async () => {
    const { all, clock, asked } = rounds();
    all.add('a');
    await clock.moveTo(10);
    all.add('b');
    await clock.moveTo(60);
    expect(asked).toEqual([{ at: 50, ids: ['a', 'b'] }]);
  });

  it('newly is asked about soon, whatever has been awaited for long', async () => {
    const { all, clock, timesOf } = rounds();
    all.add('old');
    await clock.moveTo(1_600);
    all.add('new');
    await clock.moveTo(1_700);
    expect(timesOf('new')).toEqual([1_650]);
  });

  it('is asked about rarely where something else tells', async () => {
    const { all, clock, timesOf } = rounds(3_000);
    all.add('a');
    await clock.moveTo(7_000);
    expect(timesOf('a')).toEqual([3_000, 6_000]);
  });

  it('is not asked about after the close', async () => {
    const { all, clock, asked } = rounds();
    all.add('a');
    all.close();
    await clock.moveTo(1_000);
    expect(asked).toEqual([]);
  });
});
