import { checkPayload, JsonCodec, limitPayload } from '../../../lib/codec/index.js';
import { PayloadTooLargeError } from '../../../lib/errors/index.js';

describe('a payload limit', () => {
  const codec = limitPayload(new JsonCodec(), {
    bytes: 10,
    what: 'input of orders.checkout',
    option: 'limits.payload',
  });

  it('lets through what has as many bytes', () => {
    expect(codec.encode('12345678')).toBe('"12345678"');
    expect(codec.encode('éééé')).toBe('"éééé"');
  });

  it('counts bytes of UTF-8, not characters', () => {
    expect(() => codec.encode('ééééé')).toThrow(PayloadTooLargeError);
    expect(() => codec.encode('€€€')).toThrow('The input of orders.checkout has 11 bytes, 10 are allowed');
  });

  it('says by how much, and which option sets it', () => {
    expect(() => checkPayload('x'.repeat(11), { bytes: 10 })).toThrow(
      expect.objectContaining({ bytes: 11, limit: 10, what: 'payload', option: 'limits.payload' }) as Error,
    );
  });

  it('refuses 10 MB and 100 MB by the same error', () => {
    for (const megabytes of [10, 100]) {
      expect(() => codec.encode({ a: 'x'.repeat(megabytes << 20) })).toThrow(PayloadTooLargeError);
    }
  });

  it('decodes what was stored under a higher limit', () => {
    expect(codec.decode(JSON.stringify('x'.repeat(100)))).toHaveLength(100);
  });
});
