import fc from 'fast-check';
import { distribution, percentile, SHARES, spread } from '../../../benchmark/statistics.js';

const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);

describe('statistics of a round', () => {
  test.each([
    [0, 1],
    [50, 50],
    [99, 99],
    [99.5, 100],
    [100, 100],
  ])('%d percent of 1 to 100 do not exceed %d', (share, expected) => {
    expect(percentile(hundred, share)).toBe(expected);
  });

  test('there is no percentile of nothing', () => {
    expect(() => percentile([], 50)).toThrow(RangeError);
  });

  test('a distribution has the percentile of each share, from the least to the most', () => {
    const values = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1 });
    fc.assert(
      fc.property(values, found => {
        expect(distribution(found)).toEqual(SHARES.map(share => percentile(found, share)));
      }),
    );
  });

  test('the shares go up from 0 to 100', () => {
    expect(SHARES).toEqual([...SHARES].sort((a, b) => a - b));
    expect([SHARES[0], SHARES.at(-1)]).toEqual([0, 100]);
    expect(new Set(SHARES).size).toBe(SHARES.length);
  });

  test('a spread is the median and the range', () => {
    expect(spread([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
  });
});
