import { perInvocation, used } from '../../../benchmark/counters.js';
import { peakOf } from '../../../benchmark/peak-memory.js';

describe('costs', () => {
  const before = { statements: 10, walBytes: 1_000, redisCommands: 5 };
  const after = { statements: 30, walBytes: 1_000, nodeCpu: 2 };

  test('are differences of what could be read both times', () => {
    expect(used(before, after)).toEqual({ statements: 20, walBytes: 0 });
  });

  test('are shared by the invocations', () => {
    expect(perInvocation(before, after, 10)).toEqual({ statements: 2, walBytes: 0 });
  });

  test('are nobody’s without invocations', () => {
    expect(perInvocation(before, after, 0)).toEqual({});
  });
});

describe('peak memory', () => {
  test('is the high-water mark that the kernel tells', () => {
    expect(peakOf('Name:\tnode\nVmPeak:\t 9999 kB\nVmHWM:\t  125000 kB\nVmRSS:\t  1000 kB\n')).toBe(128);
  });

  test('is not guessed', () => {
    expect(() => peakOf('Name:\tkthreadd\n')).toThrow(RangeError);
  });
});
