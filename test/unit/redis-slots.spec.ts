import { crc16, slotOf } from '../../lib/adapters/redis/slots.js';

describe('the slot of a key', () => {
  test('is computed as the Cluster does', () => {
    // From the specification of Redis Cluster, and CLUSTER KEYSLOT of Redis 7.0.
    expect(crc16('123456789')).toBe(0x31c3);
    expect(slotOf('foo')).toBe(12_182);
    expect(slotOf('somekey')).toBe(11_058);
    expect(slotOf('Grüße')).toBe(crc16('Grüße') % 16_384);
  });

  test.each([
    ['{user1000}.following', 'user1000'],
    ['foo{{bar}}zap', '{bar'],
    ['foo{bar}{zap}', 'bar'],
    ['foo{}{bar}', 'foo{}{bar}'],
    ['foo{bar', 'foo{bar'],
  ])('%s has that of %s', (key, hashed) => {
    expect(slotOf(key)).toBe(crc16(hashed) % 16_384);
  });
});
