import { ObjectState } from '../../../lib/context/object-state.js';
import { objectState } from '../../../lib/testing/index.js';
import { ScriptedAttempt } from '../../support/scripted-attempt.js';

interface Cart {
  items: string[];
  total: number;
  note?: Date;
}

/** Every use of a state. */
const USES: readonly [string, (state: ObjectState<Cart>) => unknown][] = [
  ['get', state => state.get('total')],
  ['set', state => state.set('total', 1)],
  ['update', state => state.update('total', () => 1)],
  ['delete', state => state.delete('total')],
  ['clear', state => state.clear()],
  ['keys', state => state.keys()],
];

describe.each(USES)('ObjectState.%s', (name, use) => {
  it('belongs into a handler of an object', () => {
    const state = new ObjectState<Cart>();
    expect(() => use(state)).toThrow(
      expect.objectContaining({ code: 'DURABLE_NO_INVOCATION', what: `ObjectState.${name}` }) as Error,
    );
    const attempt = new ScriptedAttempt();
    expect(() => attempt.run(() => use(state), 'charge')).toThrow(
      expect.objectContaining({ code: 'DURABLE_INSIDE_STEP', what: `ObjectState.${name}` }) as Error,
    );
    expect(attempt.calls).toEqual([]);
    attempt.run(() => void use(state));
    expect(attempt.calls).toEqual([['state', `ObjectState.${name}`]]);
  });
});

describe.each([
  ['of a unit test', (code: (state: ObjectState<Cart>) => Promise<void>) => code(objectState<Cart>())],
  [
    'of an attempt',
    (code: (state: ObjectState<Cart>) => Promise<void>) =>
      new ScriptedAttempt().run(() => code(new ObjectState<Cart>())),
  ],
])('a state %s', (_, within) => {
  it('has what it was given, and gives copies', () =>
    within(async state => {
      expect([state.get('total'), state.keys()]).toEqual([undefined, []]);
      const items = ['a'];
      await state.set('items', items);
      items.push('b');
      state.get('items')?.push('c');
      expect(state.get('items')).toEqual(['a']);
      await state.set('note', new Date(5));
      expect(state.get('note')).toEqual(new Date(5));
      expect(state.keys().sort()).toEqual(['items', 'note']);
    }));

  it('holds at once, before anything is awaited', () =>
    within(async state => {
      const writing = state.set('total', 1);
      expect(state.get('total')).toBe(1);
      const updating = state.update('total', (total = 0) => total + 1);
      expect(state.get('total')).toBe(2);
      expect(await Promise.all([writing, updating])).toEqual([undefined, 2]);
    }));

  it('forgets what is deleted', () =>
    within(async state => {
      await state.set('total', 1);
      await state.set('items', []);
      await state.delete('total');
      await state.delete('note');
      expect(state.keys()).toEqual(['items']);
      await state.set('items', undefined as never);
      expect(state.keys()).toEqual([]);
      await state.update('total', () => 1);
      await state.set('items', []);
      await state.clear();
      expect([state.keys(), state.get('total')]).toEqual([[], undefined]);
    }));

  it.each<[unknown]>([
    [''],
    ['a\0b'],
    ['a\n'],
    ['\ud800'],
    ['a'.repeat(257)],
    [1],
    [undefined],
    [Symbol('s')],
  ])('has no value of the name %p', name =>
    within(async state => {
      const refused = expect.objectContaining({ code: 'DURABLE_INVALID_NAME', kind: 'state' }) as Error;
      for (const use of [
        () => state.get(name as never),
        () => state.set(name as never, 1 as never),
        () => state.update(name as never, () => 1 as never),
        () => state.delete(name as never),
      ])
        expect(use).toThrow(refused);
      expect(state.keys()).toEqual([]);
    }),
  );

  it('takes any printable name, those of Object included', () =>
    within(async state => {
      const names = ['__proto__', 'constructor', 'hasOwnProperty', 'a b', '😀', 'e\u0301', 'é'];
      for (const [value, name] of names.entries()) await state.set(name as 'total', value);
      expect(names.map(name => state.get(name as 'total'))).toEqual([0, 1, 2, 3, 4, 5, 6]);
    }));

  it('refuses what cannot be stored, and stays as it was', () =>
    within(async state => {
      await state.set('total', 1);
      expect(() => state.set('total', (() => 1) as never)).toThrow(
        expect.objectContaining({ code: 'DURABLE_UNSERIALISABLE_VALUE' }) as Error,
      );
      expect(state.get('total')).toBe(1);
    }));
});

describe('the state of a unit test', () => {
  it('starts with what it is given', () => {
    const state = objectState<Cart>({ total: 3, items: ['a'] });
    expect([state.get('total'), state.keys()]).toEqual([3, ['items', 'total']]);
  });
});
