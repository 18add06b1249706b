import fc from 'fast-check';
import { validate, version } from 'uuid';
import {
  childId,
  definitionDigest,
  eventInvocationId,
  freshId,
  keyedId,
  keyedSignalId,
  objectRef,
  slotId,
  startSignalId,
} from '../../../lib/codec/identity.js';

/** Texts that normalisation, separators or encodings might take for each other. */
const KEYS = [
  'a',
  'A',
  'a ',
  ' a',
  'a:b',
  'a/b',
  '{a}',
  'a\nb',
  'a\r\nb',
  'é',
  'e\u0301',
  '😀',
  '\u0001',
  '%61',
  "a'b",
];

describe('S32 derived ids', () => {
  it('are what they always were', () => {
    expect(keyedId('orders', 'place', 'k')).toBe('de3a6406-28ef-54e1-853f-9dd025e850b7');
    expect(objectRef('Warehouse', 'sku 1')).toEqual({
      id: 'b65948ba-fd89-5f9d-a34a-15c9449e033c',
      key: 'sku 1',
    });
    expect(childId('0193a0a0-0000-7000-8000-000000000000', 3)).toBe('8c0de35d-7a22-5dbf-8084-eec42ccc4163');
    expect(keyedSignalId('0193a0a0-0000-7000-8000-000000000000', 's', 'k')).toBe(
      '3f209caf-e3ea-5578-9598-d901bc2b7d79',
    );
  });

  it('are different for keys that differ in any character, the form of Unicode included', () => {
    const ids = KEYS.flatMap(key => [
      objectRef('S', key).id,
      objectRef('S.h', key).id,
      keyedId('S', 'h', key),
      keyedId('S', 'h', 'k', key),
      keyedId('S', 'h', key, 'o'),
      keyedId('S', 'other', key),
      keyedSignalId('0193a0a0-0000-7000-8000-000000000000', 's', key),
      keyedSignalId('0193a0a0-0000-7000-8000-000000000000', key, 'k'),
      startSignalId('0193a0a0-0000-7000-8000-000000000000', key),
    ]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every(id => validate(id) && version(id) === 5)).toBe(true);
  });

  it('are different however their parts could be put together', () => {
    const ids = [
      keyedId('S', 'h', 'ab'),
      keyedId('S', 'h', 'b', 'a'),
      keyedId('S', 'h', '', 'ab'),
      keyedId('S', 'h', 'ab', ''),
      keyedId('S', 'ha', 'b'),
      keyedId('Sh', 'a', 'b'),
      keyedSignalId('i', 'a', 'b'),
      keyedSignalId('i', 'ab', ''),
      startSignalId('i', 'ab'),
      objectRef('S', 'ha').id,
      objectRef('Sh', 'a').id,
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('are different for every call of every parent', () => {
    const parents = [freshId(), freshId()];
    const ids = parents.flatMap(parent =>
      Array.from({ length: 1_000 }, (_, index) => childId(parent, index)),
    );
    expect(new Set(ids).size).toBe(2_000);
  });

  it('leave the key as it is', () => {
    for (const key of KEYS) expect(objectRef('S', key).key).toBe(key);
  });
});

describe('S32 the parts of derived ids', () => {
  const SEED = Number(process.env.FC_SEED ?? 20_261_123);
  /** What separates, quotes or escapes somewhere. */
  const hostile = fc.constantFrom(
    '',
    'a',
    ':',
    '/',
    '{',
    '}',
    '}{',
    '*',
    '\n',
    '\\0',
    'é',
    'e\u0301',
    '1',
    '\u0001',
  );
  /** As the options let them through: without NUL and lone surrogates. */
  const text = fc
    .array(fc.oneof(hostile, fc.string({ unit: 'binary', maxLength: 2 })), { maxLength: 4 })
    .map(parts => parts.join('').replaceAll('\0', ''))
    .filter(joined => !/\p{Cs}/u.test(joined));
  const parts = fc.array(text, { minLength: 4, maxLength: 4 }) as fc.Arbitrary<
    [string, string, string, string]
  >;
  const time = (of: string): Date => new Date(of.length);
  const makers: Readonly<
    Record<string, (of: [string, string, string, string]) => readonly [id: string, of: unknown]>
  > = {
    keyedId: ([a, b, c]) => [keyedId(a, b, c), [a, b, c]],
    'keyedId of an object': ([a, b, c, d]) => [keyedId(a, b, c, d), [a, b, c, d]],
    objectRef: ([a, b]) => [objectRef(a, b).id, [a, b]],
    eventInvocationId: ([a, b, c, d]) => [eventInvocationId(a, b, c, d), [a, b, c, d]],
    keyedSignalId: ([a, b]) => [keyedSignalId('i', a, b), [a, b]],
    startSignalId: ([a]) => [startSignalId('i', a), [a]],
    slotId: ([a, b]) => [slotId(a, time(b)), [a, b.length]],
    definitionDigest: of => [definitionDigest(of), of],
  };

  it.each(Object.keys(makers))(`are never taken for one another: %s (seed ${SEED})`, name => {
    const make = makers[name] as (typeof makers)[string];
    fc.assert(
      fc.property(parts, fc.oneof(parts, fc.constant(undefined)), fc.nat(3), (one, drawn, cut) => {
        // The same characters, cut at other places, are the likeliest to be confused.
        const joined = [...one.join('')];
        const at = Math.min(cut, joined.length);
        const other: typeof one = drawn ?? [joined.slice(0, at).join(''), joined.slice(at).join(''), '', ''];
        const [[id, of], [otherId, otherOf]] = [make(one), make(other)];
        return (id === otherId) === (JSON.stringify(of) === JSON.stringify(otherOf));
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });
});
