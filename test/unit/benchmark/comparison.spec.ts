import { ratiosOf, turns } from '../../../benchmark/comparison.js';

const rate = (perSecond: number) => ({ perSecond, latency: undefined });
const p50 = (ms: number) => ({ perSecond: 1, latency: { p50: ms, p95: ms, p99: ms, distribution: [] } });

describe('a comparison', () => {
  test('begins with each contender as often as with the others', () => {
    expect([0, 1, 2, 3].map(round => turns(3, round))).toEqual([
      [0, 1, 2],
      [1, 2, 0],
      [2, 0, 1],
      [0, 1, 2],
    ]);
  });

  test('tells the ratio to the first in the same round', () => {
    const rounds = [
      [rate(100), rate(200)],
      [rate(150), rate(100)],
      [rate(400), rate(200)],
    ];
    expect(ratiosOf(['1 worker', '2 workers', '4 workers'], rounds)).toEqual([
      {
        'invocations/s, ratio of 2 workers to 1 worker': 1.5,
        'invocations/s, ratio of 4 workers to 1 worker': 4,
      },
      {
        'invocations/s, ratio of 2 workers to 1 worker': 0.5,
        'invocations/s, ratio of 4 workers to 1 worker': 1,
      },
    ]);
  });

  test('compares the p50 where something is timed', () => {
    expect(ratiosOf(['none', 'many'], [[p50(2)], [p50(3)]])).toEqual([{ 'p50, ratio of many to none': 1.5 }]);
  });
});
