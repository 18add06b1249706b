import { ObjectKeyError } from '../../../lib/errors/index.js';
import { objectKeyFor, stateKey } from '../../../lib/options/object-key.js';

describe('the key of an object', () => {
  it.each([
    'a',
    ' ',
    'a:b/{c}',
    'a\nb\r\t',
    '\u0001',
    'é',
    'e\u0301',
    '😀'.repeat(256),
    'x'.repeat(1_024),
    '\ufeff\u2028',
    '__proto__',
  ])('may be %j, and stays as it is', key => {
    expect(objectKeyFor('Warehouse', true, key)).toBe(key);
    expect(stateKey('Warehouse', true, key)).toBe(key);
  });

  it.each<[unknown, RegExp]>([
    [undefined, /^Warehouse is a virtual object and has no key here\. Give one/],
    [null, /key null\. A key is a text of 1 to 1,024 bytes/],
    ['', /key ""/],
    [5, /key 5\./],
    [{}, /key an object/],
    [['a'], /key an array/],
    [Object('a'), /key a String/],
    ['a\0b', /without NUL/],
    ['\ud800', /lone surrogates/],
    ['a\udc00b', /lone surrogates/],
    ['x'.repeat(1_025), /1,024 bytes/],
    ['é'.repeat(513), /1,024 bytes/],
    ['😀'.repeat(257), /1,024 bytes/],
  ])('cannot be %p', (key, message) => {
    for (const check of [objectKeyFor, stateKey]) {
      expect(() => check('Warehouse', true, key)).toThrow(ObjectKeyError);
      expect(() => check('Warehouse', true, key)).toThrow(message);
    }
  });

  it('is refused fast however long it is, and shown short', () => {
    const key = '😀'.repeat(5_000_000);
    const start = performance.now();
    expect(() => objectKeyFor('Warehouse', true, key)).toThrow(/^.{1,300}$/s);
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it('has no place at a plain service', () => {
    expect(objectKeyFor('Orders', false, undefined)).toBeUndefined();
    expect(() => objectKeyFor('Orders', false, 'a')).toThrow(/no @VirtualObject\(\): leave the key out/);
    expect(() => objectKeyFor('Orders', false, null)).toThrow(ObjectKeyError);
    expect(() => stateKey('Orders', false, 'a')).toThrow(/no virtual object and has no state/);
    expect(() => stateKey('Orders', false, undefined)).toThrow(/no virtual object and has no state/);
  });
});
