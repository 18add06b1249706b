import { InvalidDurationError, InvalidOptionError } from '../../../lib/errors/index.js';
import { resolveSendOptions } from '../../../lib/options/send-options.js';

describe('options of send()', () => {
  it('may be left out', () => {
    const nothing = { idempotencyKey: undefined, delayMs: 0, at: undefined };
    expect(resolveSendOptions(undefined)).toEqual(nothing);
    expect(resolveSendOptions({ delay: undefined, at: undefined })).toEqual(nothing);
  });

  it('are taken', () => {
    expect(resolveSendOptions({ idempotencyKey: 'ä'.repeat(512), delay: '2h' })).toEqual({
      idempotencyKey: 'ä'.repeat(512),
      delayMs: 7_200_000,
      at: undefined,
    });
    const at = new Date(0);
    const resolved = resolveSendOptions({ at });
    at.setTime(5);
    expect(resolved.at).toEqual(new Date(0));
  });

  it.each<[unknown, RegExp]>([
    [false, /an object with idempotencyKey/],
    [{ idempotencyKey: '' }, /idempotencyKey" is ""/],
    [{ idempotencyKey: 'a'.repeat(513) }, /1 to 512/],
    [{ idempotencyKey: 'a\0' }, /without control characters/],
    [{ idempotencyKey: '\uD800' }, /lone surrogates/],
    [{ idempotencyKey: 123 }, /is 123/],
    [{ idempotencyKey: null }, /is null/],
    [{ delay: -1 }, /delay" is -1/],
    [{ delay: '1s', at: new Date() }, /at" stands beside delay.*one of delay and at/],
    [{ at: new Date(NaN) }, /invalid Date/],
    [{ at: '2026-01-01' }, /a valid Date/],
    [{ at: 5 }, /a valid Date/],
    [{ idempotentKey: 'x' }, /did you mean "idempotencyKey"/],
  ])('are refused: %p', (options, message) => {
    expect(() => resolveSendOptions(options)).toThrow(InvalidOptionError);
    expect(() => resolveSendOptions(options)).toThrow(message);
  });

  it('name a wrong delay as a duration', () => {
    expect(() => resolveSendOptions({ delay: 'soon' })).toThrow(InvalidDurationError);
  });
});
