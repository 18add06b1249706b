import { InvalidDurationError, InvalidOptionError } from '../../../lib/errors/index.js';
import {
  resolveCallOptions,
  resolveClientOptions,
  resolveSendOptions,
} from '../../../lib/options/send-options.js';

describe('options of send()', () => {
  it('may be left out', () => {
    const nothing = { key: undefined, idempotencyKey: undefined, delayMs: 0, at: undefined };
    expect(resolveSendOptions(undefined)).toEqual(nothing);
    expect(resolveSendOptions({ delay: undefined, at: undefined })).toEqual(nothing);
  });

  it('are taken', () => {
    expect(resolveSendOptions({ key: 'sku', idempotencyKey: 'ä'.repeat(512), delay: '2h' })).toEqual({
      key: 'sku',
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
    [false, /an object with key, idempotencyKey/],
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

  it('have a date of this era', () => {
    expect(resolveSendOptions({ at: new Date(-8.64e15) }).at).toEqual(new Date(0));
  });

  it('have no timeout, and no signal where a handler sends', () => {
    for (const wrong of [{ timeout: 1 }, { signal: { name: 'a' } }])
      expect(() => resolveSendOptions(wrong)).toThrow(/does not exist/);
    expect(() => resolveClientOptions({ timeout: 1 }, 'send')).toThrow(/send\(\): timeout" does not exist/);
  });

  it('name a wrong delay as a duration', () => {
    expect(() => resolveSendOptions({ delay: 'soon' })).toThrow(InvalidDurationError);
  });
});

describe('options of call()', () => {
  it('say how long to wait', () => {
    expect(resolveCallOptions({ timeout: '2s', key: 'a' })).toMatchObject({ timeoutMs: 2_000, key: 'a' });
    expect(resolveCallOptions(undefined).timeoutMs).toBeUndefined();
    expect(() => resolveCallOptions({ timeout: -1 })).toThrow(InvalidDurationError);
    expect(() => resolveCallOptions({ timeout: false })).toThrow(/call\(\): timeout" is false/);
  });
});

describe('options of a client', () => {
  it('may have a signal', () => {
    const signal = { name: 'approve', value: [1] };
    for (const verb of ['call', 'send'] as const)
      expect(resolveClientOptions({ signal }, verb).signal).toEqual(signal);
    expect(resolveClientOptions({ signal: { name: 'a' } }, 'send').signal).toEqual({
      name: 'a',
      value: undefined,
    });
    expect(resolveClientOptions({ timeout: 5 }, 'call')).toMatchObject({ timeoutMs: 5, signal: undefined });
  });

  it.each<[unknown, RegExp]>([
    [{ signal: 'approve' }, /send\(\): signal" is "approve"/],
    [{ signal: null }, /send\(\): signal" is null/],
    [{ signal: { value: 1 } }, /send\(\): signal: undefined is not a signal name/],
    [{ signal: { name: '' } }, /"" is not a signal name/],
    [{ signal: { nam: 'a' } }, /did you mean "name"/],
  ])('are refused: %p', (options, message) => {
    expect(() => resolveClientOptions(options, 'send')).toThrow(message);
  });
});
