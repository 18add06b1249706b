import * as nest from '@nestjs/common';
import {
  ErrorRegistry,
  JsonCodec,
  RecordErrorCodec,
  registerHttpExceptions,
} from '../../../lib/codec/index.js';
import { classify, DEFAULT_STEP_RETRY } from '../../../lib/engine/retry-policy.js';

const { HttpException } = nest;
const registry = new ErrorRegistry();
registerHttpExceptions(registry, HttpException, Object.values(nest));
const codec = new RecordErrorCodec(registry, new JsonCodec());
const trip = (error: Error): nest.HttpException => codec.decode(codec.encode(error)) as nest.HttpException;

const all = Object.entries(nest).filter(
  ([, value]) => typeof value === 'function' && (value.prototype as unknown) instanceof HttpException,
) as unknown as [string, new (response: unknown) => nest.HttpException][];

describe('HTTP exceptions of Nest', () => {
  it('are many', () => {
    expect(all.length).toBeGreaterThan(15);
  });

  it.each(all)('come back as themselves: %s', (_, Class) => {
    for (const response of ['nope', { message: ['a', 'b'], code: 7 }]) {
      const error = new Class(response);
      const copy = trip(error);
      expect(copy).toBeInstanceOf(Class);
      expect(copy.getStatus()).toBe(error.getStatus());
      expect(copy.getResponse()).toEqual(error.getResponse());
      expect(copy.message).toBe(error.message);
      expect(copy.name).toBe(error.name);
      expect(copy.stack).toBe(error.stack);
    }
  });

  it('come back as themselves: HttpException with a cause', () => {
    const copy = trip(new HttpException({ a: 1 }, 418, { cause: new TypeError('x') }));
    expect(copy.getStatus()).toBe(418);
    expect(copy.getResponse()).toEqual({ a: 1 });
    expect(copy.cause).toBeInstanceOf(TypeError);
  });

  it('come back as the nearest known one if their class is not registered', () => {
    class SoldOutException extends nest.ConflictException {}
    const copy = trip(new SoldOutException('sold out'));
    expect(copy).toBeInstanceOf(nest.ConflictException);
    expect(copy.getStatus()).toBe(409);
    expect(copy.name).toBe('SoldOutException');
  });

  it('are plain errors of their name if their response cannot be stored', () => {
    const copy = codec.decode(codec.encode(new HttpException({ f: () => 1 }, 400)));
    expect(copy).not.toBeInstanceOf(HttpException);
    expect(copy.name).toBe('HttpException');
  });

  it('are judged by the retry policy as before', () => {
    for (const error of [new nest.NotFoundException(), new nest.BadGatewayException()]) {
      expect(classify(trip(error), DEFAULT_STEP_RETRY)).toEqual(classify(error, DEFAULT_STEP_RETRY));
    }
  });
});
