import { toTarget } from '../../../lib/microservice/pattern.js';
import { DurableRecordBuilder, toRecord } from '../../../lib/microservice/durable-record.builder.js';

const NO_OPTIONS = { key: undefined, idempotencyKey: undefined, delayMs: 0, at: undefined };

describe('a pattern', () => {
  it.each([
    ['OrderService.checkout', 'OrderService', 'checkout'],
    ['shop.orders.v2.checkout', 'shop.orders.v2', 'checkout'],
    [{ service: 'OrderService', handler: 'checkout' }, 'OrderService', 'checkout'],
    [{ handler: 'v1.checkout', service: 'shop.orders' }, 'shop.orders', 'v1.checkout'],
  ])('%j names a handler', (pattern, service, handler) => {
    expect(toTarget(pattern, false)).toEqual({ service, handler, kind: 'service' });
    expect(toTarget(pattern, true)).toEqual({ service, handler, kind: 'exclusive' });
  });

  it('says whether the handler is shared: that cannot be known', () => {
    const names = { service: 'Warehouse', handler: 'available' };
    for (const hasKey of [true, false])
      expect(toTarget({ ...names, shared: true }, hasKey)).toEqual({ ...names, kind: 'shared' });
    expect(toTarget({ ...names, shared: false }, true)).toEqual({ ...names, kind: 'exclusive' });
    expect(toTarget({ ...names, shared: undefined }, true)).toEqual({ ...names, kind: 'exclusive' });
  });

  it.each([
    ['checkout'],
    ['.checkout'],
    ['OrderService.'],
    [''],
    [1],
    [undefined],
    [{ cmd: 'sum' }],
    [{ service: 'OrderService' }],
    [{ service: 'OrderService', handler: 'checkout', key: 'k' }],
    [{ service: 'OrderService', handler: 'checkout', shared: 'yes' }],
    [{ service: 'OrderService', handler: 'checkout', shared: true, key: 'k' }],
    [['OrderService', 'checkout']],
  ])('%j is refused, with what is allowed', pattern => {
    expect(() => toTarget(pattern, false)).toThrow(
      expect.objectContaining({
        code: 'DURABLE_INVALID_PATTERN',
        message: expect.stringContaining("'OrderService.checkout'") as string,
      }) as Error,
    );
  });

  it.each([['Order Service.checkout'], ['OrderService.a b'], [{ service: 'OrderService', handler: 3 }]])(
    '%j is refused: nothing can have that name',
    pattern => {
      expect(() => toTarget(pattern, false)).toThrow(
        expect.objectContaining({ code: 'DURABLE_INVALID_NAME' }) as Error,
      );
    },
  );
});

describe('a message', () => {
  it('is the single argument', () => {
    for (const data of ['text', 0, false, { args: [1] }, [1, 2]]) {
      expect(toRecord(data)).toMatchObject({ args: [data], options: NO_OPTIONS });
    }
  });

  it('has the arguments and options of its record, built or not', () => {
    const builder = new DurableRecordBuilder('first')
      .setArguments(['a', 2])
      .setOptions({ idempotencyKey: 'k', delay: '2s' });
    const expected = { args: ['a', 2], options: { idempotencyKey: 'k', delayMs: 2_000 } };
    expect(toRecord(builder)).toMatchObject(expected);
    expect(toRecord(builder.build())).toMatchObject(expected);
  });

  it('can have one argument that is undefined, and none', () => {
    expect(new DurableRecordBuilder(undefined).build().args).toEqual([undefined]);
    expect(new DurableRecordBuilder().build().args).toEqual([]);
    expect(new DurableRecordBuilder().setData('late').build().args).toEqual(['late']);
  });

  it('has the key of its object, set before or with other options', () => {
    const options = { idempotencyKey: 'k', key: 'sku' };
    const built = [
      new DurableRecordBuilder(1).setOptions({ idempotencyKey: 'k' }).setKey('sku'),
      new DurableRecordBuilder(1).setOptions({ idempotencyKey: 'k', key: 'other' }).setKey('sku'),
      new DurableRecordBuilder(1).setKey('other').setOptions(options),
    ];
    for (const builder of built) expect(builder.build()).toMatchObject({ args: [1], options });
  });

  it.each([
    [() => new DurableRecordBuilder().setKey(''), 'DURABLE_OBJECT_KEY'],
    [() => new DurableRecordBuilder().setKey(undefined as never), 'DURABLE_OBJECT_KEY'],
    [() => new DurableRecordBuilder().setKey('a\0'), 'DURABLE_OBJECT_KEY'],
    [() => new DurableRecordBuilder().setArguments('ab' as never), 'DURABLE_INVALID_OPTION'],
    [() => new DurableRecordBuilder().setOptions({ delai: 1 } as never), 'DURABLE_INVALID_OPTION'],
    [() => new DurableRecordBuilder().setOptions({ delay: 'soon' as never }), 'DURABLE_INVALID_DURATION'],
  ])('with wrong options is not built: %s', (build, code) => {
    expect(build).toThrow(expect.objectContaining({ code }) as Error);
  });
});
