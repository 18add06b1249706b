import fc from 'fast-check';
import { Keys } from '../../lib/adapters/redis/keys.js';

const SEED = Number(process.env.FC_SEED ?? 20_261_124);
const characters = fc.constantFrom(...'abzAZ09_.-:{}*?[] \n\\é\u0000');
/** Names that are hardly different, and texts that can be none. */
const name = fc.string({ unit: fc.constantFrom(...'ab_.-'), maxLength: 3 }).map(rest => `a${rest}`);
const text = fc.oneof(
  { weight: 4, arbitrary: name },
  { weight: 1, arbitrary: fc.string({ unit: characters, minLength: 1, maxLength: 12 }) },
);

/** Every key of a namespace with a service and an origin; `undefined` if one of the three is refused. */
function keysOf([namespace, service, origin]: readonly [string, string, string]): string[] | undefined {
  try {
    const keys = new Keys(namespace, 0);
    return [keys.due, keys.ready(service), keys.news(origin)];
  } catch (error) {
    expect(error).toMatchObject({ code: 'DURABLE_INVALID_OPTION' });
    return undefined;
  }
}

/** The part that decides on the slot in a Cluster. */
function hashTag(key: string): string | undefined {
  return /^[^{]*\{([^}]+)\}/.exec(key)?.[1];
}

describe('S32 the keys in Redis', () => {
  it(`are different for different names, and of one slot for one namespace and partition (seed ${SEED})`, () => {
    let compared = 0;
    fc.assert(
      fc.property(fc.tuple(text, text, text), fc.tuple(text, text, text), (one, other) => {
        const [keys, others] = [keysOf(one), keysOf(other)];
        if (!keys || !others) return;
        compared++;
        expect(new Set(keys).size).toBe(3);
        expect(new Set(keys.map(hashTag)).size).toBe(1);
        expect(hashTag(keys[0] as string) === hashTag(others[0] as string)).toBe(one[0] === other[0]);
        const shared = keys.filter(key => others.includes(key)).length;
        const expected =
          one[0] !== other[0] ? 0 : 1 + Number(one[1] === other[1]) + Number(one[2] === other[2]);
        expect(shared).toBe(expected);
      }),
      {
        seed: SEED,
        numRuns: 20_000,
        examples: [
          [
            ['a', 'b', 'c'],
            ['a', 'b', 'd'],
          ],
          [
            ['a', 'b', 'c'],
            ['a.b', 'c', 'c'],
          ],
        ],
      },
    );
    expect(compared).toBeGreaterThan(1_000);
  });

  it('give back the service of a stream, whatever it is called', () => {
    const keys = new Keys('n', 0, 'prefix:{x}:');
    for (const service of ['ready', 'due', 'a.b-c_d', 'finished'])
      expect(keys.serviceOf(keys.ready(service))).toBe(service);
  });
});
