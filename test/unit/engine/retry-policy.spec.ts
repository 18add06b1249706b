import { ConflictException, HttpException, InternalServerErrorException } from '@nestjs/common';
import {
  classify,
  DEFAULT_HANDLER_RETRY,
  DEFAULT_STEP_RETRY,
  nextDelay,
  type RetryPolicy,
} from '../../../lib/engine/retry-policy.js';
import { RetryableError, TerminalError, UnserialisableValueError } from '../../../lib/errors/index.js';

const base: RetryPolicy = { ...DEFAULT_STEP_RETRY, jitter: false };
const delays = (policy: Partial<RetryPolicy>, count: number, random = 0): (number | undefined)[] =>
  Array.from({ length: count }, (_, index) => nextDelay({ ...base, ...policy }, index + 1, random));

describe('the delay before the next try', () => {
  it.each<[string, Partial<RetryPolicy>, (number | undefined)[]]>([
    ['of a step by default', {}, [500, 1_000, 2_000, 4_000, undefined]],
    ['of a handler by default', { ...DEFAULT_HANDLER_RETRY, jitter: false }, [1_000, 2_000, undefined]],
    ['exponential, by its factor', { factor: 3, initialDelayMs: 10 }, [10, 30, 90, 270]],
    ['exponential, by the factor 1', { factor: 1 }, [500, 500]],
    ['linear', { backoff: 'linear', initialDelayMs: 10 }, [10, 20, 30, 40, undefined]],
    ['fixed', { backoff: 'fixed', initialDelayMs: 10 }, [10, 10, 10, 10, undefined]],
    ['capped', { maxDelayMs: 1_500 }, [500, 1_000, 1_500, 1_500]],
    ['capped below the initial delay', { maxDelayMs: 100 }, [100, 100]],
    ['none', { initialDelayMs: 0 }, [0, 0, 0, 0, undefined]],
    ['never, with one attempt', { maxAttempts: 1 }, [undefined, undefined]],
    ['fractional', { factor: 1.5, initialDelayMs: 1 }, [1, 2, 2, 3]],
  ])('%s', (_, policy, expected) => {
    expect(delays(policy, expected.length)).toEqual(expected);
  });

  it.each(['exponential', 'linear', 'fixed'] as const)('stays within its cap without end: %s', backoff => {
    const policy = { ...base, backoff, maxAttempts: Infinity, factor: 100 };
    for (const failures of [10, 1_024, 1e6, 1e300, Number.MAX_VALUE]) {
      const delay = nextDelay(policy, failures, 0);
      expect(delay).toBeLessThanOrEqual(60_000);
      expect(delay).toBeGreaterThanOrEqual(500);
    }
    expect(nextDelay({ ...policy, initialDelayMs: 0 }, 1e6, 0.5)).toBe(0);
  });

  it('lies between its half and its whole with jitter', () => {
    const policy = { ...base, jitter: true };
    expect([0, 0.5, 1 - Number.EPSILON].map(random => nextDelay(policy, 1, random))).toEqual([250, 375, 500]);
    expect(nextDelay(policy, 100, 0.999)).toBeUndefined();
  });
});

describe('the classification of an error', () => {
  class AppError extends Error {
    override name = 'AppError';
    constructor(readonly code?: string) {
      super('app');
    }
  }
  class SubError extends AppError {}
  class OutOfStock extends TerminalError {
    override readonly code = 'DURABLE_OUT_OF_STOCK';
  }
  const refusing = { retryIf: () => false };

  it.each<[string, unknown, Partial<RetryPolicy>, boolean]>([
    ['any error', new Error('x'), {}, false],
    ['null', null, {}, false],
    ['undefined', undefined, {}, false],
    ['a text', 'text', {}, false],
    ['TerminalError', new TerminalError('x'), {}, true],
    ['a subclass of it with a code of its own', new OutOfStock('x'), {}, true],
    ['TerminalError, whatever retryIf says', new TerminalError('x'), { retryIf: () => true }, true],
    ['TerminalError of another copy of this package', { code: 'DURABLE_TERMINAL' }, {}, true],
    ['a value that cannot be stored', new UnserialisableValueError('$', 'x'), {}, true],
    ['RetryableError', new RetryableError('x'), {}, false],
    ['RetryableError, whatever retryIf says', new RetryableError('x'), refusing, false],
    ['HTTP 409', new ConflictException(), {}, true],
    ['HTTP 400', new HttpException('x', 400), {}, true],
    ['HTTP 499', new HttpException('x', 499), {}, true],
    ['HTTP 399', new HttpException('x', 399), {}, false],
    ['HTTP 500', new InternalServerErrorException(), {}, false],
    [
      'a getStatus that throws',
      {
        getStatus: () => {
          throw new Error();
        },
      },
      {},
      false,
    ],
    ['a getStatus that gives a text', { getStatus: () => '404' }, {}, false],
    ['a class that nonRetryable names', new AppError(), { nonRetryable: [AppError] }, true],
    ['a subclass of it', new SubError(), { nonRetryable: [AppError] }, true],
    ['a code that nonRetryable names', new AppError('E_X'), { nonRetryable: ['E_Y', 'E_X'] }, true],
    ['a name that nonRetryable names', new AppError(), { nonRetryable: ['AppError'] }, true],
    [
      'an error that nonRetryable does not name',
      new Error('AppError'),
      { nonRetryable: [AppError, 'AppError'] },
      false,
    ],
    ['an error that retryIf refuses', new Error('x'), refusing, true],
    ['an error that retryIf accepts', new Error('x'), { retryIf: () => true }, false],
    [
      'an error that nonRetryable names and retryIf accepts',
      new AppError(),
      { nonRetryable: [AppError], retryIf: () => true },
      true,
    ],
    [
      'an error on which retryIf throws',
      new Error('x'),
      {
        retryIf: () => {
          throw new Error();
        },
      },
      false,
    ],
    [
      'something whose properties throw',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error();
          },
        },
      ),
      {},
      false,
    ],
  ])('%s', (_, error, policy, terminal) => {
    expect(classify(error, { ...base, ...policy })).toEqual({ terminal });
  });

  it('asks retryIf about the error that was thrown', () => {
    const asked: unknown[] = [];
    const error = new Error('x');
    classify(error, { ...base, retryIf: asking => asked.push(asking) > 0 });
    expect(asked).toEqual([error]);
  });

  it('gives the least delay that an error asks for', () => {
    expect(classify(new RetryableError('x', { retryAfter: '30s' }), base)).toEqual({
      terminal: false,
      retryAfterMs: 30_000,
    });
    expect(classify(new RetryableError('x', { retryAfter: 0 }), base)).toEqual({
      terminal: false,
      retryAfterMs: 0,
    });
  });
});
