import { DEFAULT_STEP_RETRY } from '../../../lib/engine/retry-policy.js';
import { InvalidDurationError, InvalidNameError, InvalidOptionError } from '../../../lib/errors/index.js';
import {
  resolveHandlerOptions,
  resolveStepOptions,
  validateHandlerOptions,
  validateServiceOptions,
  validateStepOptions,
} from '../../../lib/options/decorator-options.js';
import { resolveOptions } from '../../../lib/options/resolve-options.js';

describe('options of a step', () => {
  const { steps } = resolveOptions({ steps: { retry: { maxAttempts: 9, maxDelay: '1h' }, timeout: '5s' } });

  it('go before those of the module, which go before the built-in ones', () => {
    expect(resolveStepOptions({}, steps)).toEqual(steps);
    expect(
      resolveStepOptions({ name: 'charge', retry: { initialDelay: '30m' }, timeout: '1s' }, steps),
    ).toEqual({
      retry: { ...DEFAULT_STEP_RETRY, maxAttempts: 9, maxDelayMs: 3_600_000, initialDelayMs: 1_800_000 },
      timeoutMs: 1_000,
    });
    expect(resolveStepOptions({ timeout: false }, steps).timeoutMs).toBeUndefined();
  });

  it('are judged by themselves while the options of the module are not known', () => {
    expect(() => validateStepOptions({ retry: { initialDelay: '30m' } }, '@Step() A.b')).not.toThrow();
    expect(() => validateStepOptions({ retry: { initialDelay: 2, maxDelay: 1 } }, '@Step() A.b')).toThrow(
      /longer than/,
    );
    expect(() => validateStepOptions({ retry: { maxDelay: 1 } }, '@Step() A.b')).not.toThrow();
  });

  it('may have any printable name', () => {
    expect(() => validateStepOptions({ name: 'charge the card' }, '@Step() A.b')).not.toThrow();
  });
});

const WRONG: readonly (readonly [unknown, RegExp])[] = [
  [null, /^Option "@Step\(\) A\.b" is null/],
  [5, /^Option "@Step\(\) A\.b" is 5/],
  [{ retries: 3 }, /^Option "@Step\(\) A\.b: retries" does not exist; did you mean "retry"\?/],
  [{ retry: { maxAttempts: 0 } }, /^Option "@Step\(\) A\.b: retry\.maxAttempts" is 0/],
  [{ timeout: '5 minutes' }, /^Option "@Step\(\) A\.b: timeout" is "5 minutes"/],
  [{ timeout: null }, /^Option "@Step\(\) A\.b: timeout" is null/],
];

describe.each([
  ['a step', validateStepOptions],
  ['a handler', validateHandlerOptions],
])('wrong options of %s', (_, validate) => {
  it.each(WRONG.map(([value, message]) => ({ value, message })))(
    'name the place: $message',
    ({ value, message }) => {
      expect(() => validate(value, '@Step() A.b')).toThrow(InvalidOptionError);
      expect(() => validate(value, '@Step() A.b')).toThrow(message);
    },
  );

  it('name a wrong duration as such', () => {
    expect(() => validate({ timeout: 'x' }, '@Step() A.b')).toThrow(InvalidDurationError);
  });

  it('name a wrong name as such', () => {
    expect(() => validate({ name: 'a\n' }, '@Step() A.b')).toThrow(InvalidNameError);
  });
});

describe('options of a handler', () => {
  it('have a plain name', () => {
    expect(() => validateHandlerOptions({ name: 'charge the card' }, '@Handler() A.b')).toThrow(
      InvalidNameError,
    );
    expect(() => validateHandlerOptions({ name: 'charge-v2' }, '@Handler() A.b')).not.toThrow();
  });

  it('go before those of the module', () => {
    const { handlers } = resolveOptions({ handlers: { timeout: '1m' } });
    const resolved = resolveHandlerOptions({ retry: { jitter: false } }, handlers);
    expect(resolved).toEqual({ retry: { ...handlers.retry, jitter: false }, timeoutMs: 60_000 });
  });
});

describe('options of a service', () => {
  it('have a plain name and nothing else', () => {
    expect(() => validateServiceOptions({ name: 'orders' }, '@DurableService() A')).not.toThrow();
    expect(() => validateServiceOptions({}, '@DurableService() A')).not.toThrow();
    expect(() => validateServiceOptions({ name: 'a b' }, '@DurableService() A')).toThrow(InvalidNameError);
    expect(() => validateServiceOptions({ nme: 'a' }, '@DurableService() A')).toThrow(/did you mean "name"/);
    expect(() => validateServiceOptions('orders', '@DurableService() A')).toThrow(InvalidOptionError);
  });
});
