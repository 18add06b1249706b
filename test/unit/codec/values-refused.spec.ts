import { JsonCodec, RecordErrorCodec, ErrorRegistry } from '../../../lib/codec/index.js';
import { UnserialisableValueError } from '../../../lib/errors/index.js';
import { circle, deep, REFUSED_VALUES, throws } from '../../support/torture.js';

const codec = new JsonCodec();

function refusal(value: unknown): UnserialisableValueError {
  try {
    codec.encode(value);
  } catch (error) {
    if (error instanceof UnserialisableValueError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('S29 value torture: a value that cannot be stored', () => {
  it.each(REFUSED_VALUES)('is refused by its path: %s', (_, value, path, reason) => {
    const error = refusal(value);
    expect(error.path).toBe(path);
    expect(error.reason).toMatch(reason);
    expect(error.message).toContain(path);
    expect(error.code).toBe('DURABLE_UNSERIALISABLE_VALUE');
  });

  it.each([501, 10_000, 200_000])('is refused with %d levels, and the stack bears it', levels => {
    expect(refusal(deep(levels)).reason).toMatch(/deeper than 500 levels/);
  });

  it('is accepted with 500 levels', () => {
    expect(codec.decode(codec.encode(deep(500)))).toEqual(deep(500));
  });

  it('names both ends of a circle', () => {
    const parent: Record<string, unknown> = {};
    parent.child = { up: parent };
    expect(refusal({ a: [parent] })).toMatchObject({
      path: '$.a[0].child.up',
      reason: 'it is $.a[0] again, a circular reference',
    });
  });

  it('has a path of bounded length', () => {
    const long = { ['k'.repeat(10_000)]: throws };
    expect(refusal(long).path.length).toBeLessThan(100);
    expect(refusal(deep(501)).path.length).toBeLessThan(200);
  });

  it('keeps what was thrown as the cause', () => {
    expect((refusal({ toJSON: throws }).cause as Error).message).toBe('boom');
  });

  it('leaves the codec fit for the next value', () => {
    refusal(circle());
    expect(codec.encode({ a: new Date(0) })).toBe('{"a":{"$":"date","v":"1970-01-01T00:00:00.000Z"}}');
  });

  it('is refused again after it went through the store of errors', () => {
    const errors = new RecordErrorCodec(new ErrorRegistry(), codec);
    expect(errors.decode(errors.encode(refusal(circle())))).toMatchObject({ path: '$.items[1].parent' });
  });
});
