import { InvalidNameError } from '../../../lib/errors/index.js';
import { assertName } from '../../../lib/options/names.js';

describe.each(['service', 'handler'] as const)('the name of a %s', kind => {
  it.each(['a', '_a', 'Order_1', 'orders.checkout-v2', 'a'.repeat(128)])('may be %p', name => {
    expect(() => assertName(kind, name, '@X() Y')).not.toThrow();
  });

  it.each([
    '',
    ' ',
    '1a',
    '-a',
    '.a',
    'a b',
    'a:b',
    'a{b}',
    'a*',
    'a/b',
    'é',
    'a\n',
    'a\0',
    "a'; drop table x; --",
    'a'.repeat(129),
    5,
    null,
    undefined,
    {},
  ])('is refused: %p', name => {
    expect(() => assertName(kind, name, '@X() Y')).toThrow(InvalidNameError);
    expect(() => assertName(kind, name, '@X() Y')).toThrow(
      new RegExp(`^@X\\(\\) Y: .* is not a ${kind} name\\. Allowed: 1 to 128`, 's'),
    );
  });
});

describe('the name of a step', () => {
  it.each(['a', 'charge the card', 'Ünïcode 👍', 'PaymentGateway.charge', '1', 'a:b{c}', 'a'.repeat(256)])(
    'may be %p',
    name => {
      expect(() => assertName('step', name, 'run()')).not.toThrow();
    },
  );

  it.each([
    '',
    'a\nb',
    'a\0',
    '\u001b[31m',
    '\u0085',
    '\u2028',
    '\uD800',
    'a\uDC00',
    'a'.repeat(257),
    5,
    null,
    undefined,
  ])('is refused: %p', name => {
    expect(() => assertName('step', name, 'run()')).toThrow(InvalidNameError);
  });
});
