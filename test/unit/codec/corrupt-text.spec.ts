import fc from 'fast-check';
import { ErrorRegistry, JsonCodec, RecordErrorCodec } from '../../../lib/codec/index.js';
import { CorruptValueError } from '../../../lib/errors/index.js';

class Money {
  static fromJSON(data: unknown): Money {
    if (typeof data !== 'string') throw new TypeError('no money');
    return new Money();
  }
}

const codec = new JsonCodec({ classes: [Money] });

const CORRUPT: readonly (readonly [string, string])[] = [
  ['no JSON', '{"a":'],
  ['nothing', ''],
  ['an unknown tag', '{"$":"hostile","v":1}'],
  ['a tag that is no text', '{"$":{"a":1}}'],
  ['a tag of the prototype', '{"$":"constructor"}'],
  ['a date that is a number', '{"$":"date","v":1}'],
  ['a date that is none', '{"$":"date","v":"yesterday"}'],
  ['a number that is finite', '{"$":"number","v":"1"}'],
  ['a big integer with a fraction', '{"$":"bigint","v":"1.5"}'],
  ['a map of no pairs', '{"$":"map","v":[[1]]}'],
  ['a map of no list', '{"$":"map","v":{}}'],
  ['a set of no list', '{"$":"set","v":"abc"}'],
  ['a regular expression that is none', '{"$":"regexp","v":"(","flags":""}'],
  ['flags that are none', '{"$":"regexp","v":"a","flags":"gg"}'],
  ['a URL that is none', '{"$":"url","v":"nowhere"}'],
  ['bytes of an unknown kind', '{"$":"bytes","as":"Function","v":""}'],
  ['bytes of half an item', '{"$":"bytes","as":"Float64Array","v":"AAAA"}'],
  ['bytes that are not base64', '{"$":"bytes","as":"Buffer","v":"%%"}'],
  ['an array of negative length', '{"$":"array","length":-1,"v":[]}'],
  ['an array of endless length', '{"$":"array","length":1e400,"v":[]}'],
  ['an item behind the end', '{"$":"array","length":1,"v":[[1,0]]}'],
  ['an item under a name', '{"$":"array","length":1,"v":[["__proto__",{}]]}'],
  ['an escaped object that is a list', '{"$":"object","v":[]}'],
  ['an unknown class', '{"$":"class","name":"Unknown","v":{}}'],
  ['a class without a name', '{"$":"class","v":{}}'],
  ['a class that refuses its data', '{"$":"class","name":"Money","v":{}}'],
  ['an error without a name', '{"$":"error","v":{"message":"x"}}'],
  ['an error with a cause of text', '{"$":"error","v":{"name":"a","message":"x","cause":"y"}}'],
];

describe('a stored text that the codec did not write', () => {
  it.each(CORRUPT)('is an error that says so: %s', (_, text) => {
    expect(() => codec.decode(text)).toThrow(CorruptValueError);
    if (text.startsWith('{"$"')) expect(() => codec.decode(`{"a":[${text}]}`)).toThrow(/\$\.a\[0\]/);
  });

  it('is not quoted, since it is the data of a user', () => {
    expect(() => codec.decode('hunter2')).not.toThrow(/hunter2/);
    expect(() => codec.decode('hunter2')).toThrow(CorruptValueError);
  });

  it('bears any depth', () => {
    const text = `${'['.repeat(100_000)}{"$":"undefined"}${']'.repeat(100_000)}`;
    expect(() => codec.decode(text)).toThrow(CorruptValueError);
  });

  it('pollutes no prototype', () => {
    codec.decode('{"$":"object","v":{"__proto__":{"polluted":1},"$":{"$":"undefined"}}}');
    codec.decode('{"__proto__":{"__proto__":{"polluted":1}},"x":{"$":"undefined"}}');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('gives a value or this error and nothing else, whatever it is', () => {
    const tags = [
      'undefined',
      'number',
      'bigint',
      'date',
      'regexp',
      'url',
      'bytes',
      'array',
      'set',
      'map',
      'object',
    ];
    const tagged = fc.record(
      {
        $: fc.constantFrom(...tags, 'class', 'error'),
        v: fc.jsonValue({ maxDepth: 2 }),
        as: fc.constantFrom('Buffer', 'Int16Array', 1),
        name: fc.constantFrom('Money', 1),
        length: fc.integer(),
        flags: fc.string(),
      },
      { requiredKeys: ['$'] },
    );
    const errors = new RecordErrorCodec(new ErrorRegistry(), codec);
    fc.assert(
      fc.property(tagged, value => {
        const text = JSON.stringify(value);
        expect(errors.decode(text)).toBeInstanceOf(Error);
        try {
          codec.decode(text);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptValueError);
        }
      }),
      { seed: 20_261_120, numRuns: 2_000 },
    );
  });
});
