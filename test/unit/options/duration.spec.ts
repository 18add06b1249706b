import { InvalidDurationError, InvalidOptionError, RetryableError } from '../../../lib/errors/index.js';
import { type Duration, LONGEST_DURATION_MS, parseDuration } from '../../../lib/options/duration.js';

describe('S19 a duration', () => {
  it.each<[Duration, number]>([
    [0, 0],
    [-0, 0],
    [1_500, 1_500],
    [0.2, 1],
    [1_500.7, 1_501],
    ['0s', 0],
    ['500ms', 500],
    ['0.5ms', 1],
    ['30s', 30_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
    ['1.5h', 5_400_000],
    ['1d', 86_400_000],
    ['36500d', 36_500 * 86_400_000],
    [LONGEST_DURATION_MS, LONGEST_DURATION_MS],
  ])('%p is %d ms', (value, expected) => {
    expect(Object.is(parseDuration(value, 'timeout'), expected)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['negative', -1],
    ['a negative text', '-1s'],
    ['NaN', NaN],
    ['infinite', Infinity],
    ['over 100 years', LONGEST_DURATION_MS + 1],
    ['a text over 100 years', '36526d'],
    ['an unknown unit', '5 parsecs'],
    ['weeks', '1w'],
    ['no unit', '500'],
    ['a space', '5 s'],
    ['a long word', '5 seconds'],
    ['capitals', '5S'],
    ['no number', 's'],
    ['an exponent', '1e3s'],
    ['hexadecimal', '0x10s'],
    ['two', '1h30m'],
    ['empty', ''],
    ['too long', `${'0'.repeat(40)}1s`],
    ['a line break', '5s\n'],
    ['null', null],
    ['undefined', undefined],
    ['a boolean', true],
    ['a big integer', 5n],
    ['an object', { valueOf: () => 5 }],
    ['a list', [5]],
  ])('is refused: %s', (_, value) => {
    expect(() => parseDuration(value, 'steps.timeout')).toThrow(InvalidDurationError);
    expect(() => parseDuration(value, 'steps.timeout')).toThrow(InvalidOptionError);
    expect(() => parseDuration(value, 'steps.timeout')).toThrow(
      /^Option "steps\.timeout" is .*Allowed: .*'30s'/,
    );
  });

  it('is refused if it is shorter than the option allows', () => {
    expect(() => parseDuration('99ms', 'worker.lease', 100)).toThrow(/from 100 ms to 100 years/);
    expect(parseDuration('100ms', 'worker.lease', 100)).toBe(100);
  });

  it('takes no time to be refused, however long it is', () => {
    const started = performance.now();
    for (const text of [
      '1'.repeat(1 << 20),
      `${'1'.repeat(1 << 20)}s`,
      `1.${'1'.repeat(1 << 20)}`,
      ' '.repeat(1 << 20),
    ]) {
      expect(() => parseDuration(text, 'timeout')).toThrow(InvalidDurationError);
    }
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('stands in RetryableError, which refuses a wrong one', () => {
    expect(new RetryableError('x', { retryAfter: '1m' }).retryAfterMs).toBe(60_000);
    expect(new RetryableError('x').retryAfterMs).toBeUndefined();
    expect(() => new RetryableError('x', { retryAfter: 'soon' as Duration })).toThrow(InvalidDurationError);
  });
});
