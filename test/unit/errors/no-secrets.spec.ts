import { showValue } from '../../../lib/errors/show-value.js';

describe('a value in an error message', () => {
  it.each([
    ['postgres://app:hunter2@db:5432/shop', '"postgres://app:***@db:5432/shop"'],
    ['redis://:hunter2@cache:6379', '"redis://:***@cache:6379"'],
    ['postgres://app:hun/ter2@2@db/shop', '"postgres://app:***@db/shop"'],
    ['postgres://db/shop?user=a&password=hunter2&ssl=1', '"postgres://db/shop?user=a&password=***&ssl=1"'],
    ["host=db password='hunter2 hunter2' user=a", '"host=db password=*** user=a"'],
    ['host=db password = hunter2', '"host=db password = ***"'],
    ['postgres://db:5432/shop', '"postgres://db:5432/shop"'],
  ])('shows %s without its password', (value, shown) => {
    expect(showValue(value)).toBe(shown);
  });

  it.each(['postgres.password', 'accessToken', 'redis.sentinelPassword', 'apiKey'])(
    'hides all of %s',
    option => {
      expect(showValue('hunter2', option)).toBe('***');
      expect(showValue(42, option)).toBe('***');
    },
  );

  it('judges by the last part of the option alone', () => {
    expect(showValue(-1, '@Step() TokenService.issue: retry.factor')).toBe('-1');
  });

  it('shows keys of objects and never their values', () => {
    expect(showValue({ host: 'db', pass: 'hunter2' })).toBe('an object with host, pass');
    expect(showValue(new Map([['a', 'hunter2']]))).toBe('a Map');
    expect(showValue(['hunter2'])).toBe('an array of 1');
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [NaN, 'NaN'],
    [-0, '-0'],
    [12n, '12n'],
    [Symbol('s'), 'Symbol(s)'],
    [new Date(NaN), 'an invalid Date'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [() => 1, 'a function'],
    ['a'.repeat(200), `"${'a'.repeat(79)}…"`],
    ['a'.repeat(20_000), 'a text of 20000 characters'],
  ])('shows %p shortly', (value, shown) => {
    expect(showValue(value)).toBe(shown);
  });

  it('survives values that cannot be read', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(showValue(proxy)).toBe('a value that cannot be read');
  });

  it('takes no time for hostile texts', () => {
    const before = process.cpuUsage();
    for (const text of ['-'.repeat(9_999), 'pass'.repeat(2_499), `://${':@'.repeat(4_900)}`]) showValue(text);
    // Of this process alone: the machine may be busy.
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(500);
  });
});
