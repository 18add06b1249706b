import { explain, type Operation, REGISTER, type RegisterOperation } from '../../support/linearizability.js';

type History = Operation<RegisterOperation, string | boolean>[];

const op = (
  call: RegisterOperation,
  from: number,
  at: number,
  answer: string | boolean,
): History[number] => ({ call, from, answered: { at, answer } });
const read = (from: number, at: number, answer: string) => op({ op: 'read' }, from, at, answer);
const write = (value: string, from: number, at: number) => op({ op: 'write', value }, from, at, value);
const append = (value: string, from: number, at: number, answer: string) =>
  op({ op: 'append', value }, from, at, answer);
const cas = (from: string, to: string, start: number, at: number, answer: boolean) =>
  op({ op: 'cas', from, to }, start, at, answer);
const unknown = (call: RegisterOperation, from: number): History[number] => ({ call, from });

const RIGHT: readonly (readonly [what: string, history: History])[] = [
  ['nothing at all', []],
  ['one after the other', [write('a', 0, 1), read(2, 3, 'a'), append('b', 4, 5, 'a,b'), read(6, 7, 'a,b')]],
  ['writes at once, in the order that a read shows', [write('a', 0, 9), write('b', 1, 8), read(10, 11, 'a')]],
  ['reads at once with a write, before and after it', [write('a', 0, 9), read(1, 2, ''), read(3, 4, 'a')]],
  ['one of two exchanges at once', [cas('', 'a', 0, 9, false), cas('', 'b', 1, 8, true), read(10, 11, 'b')]],
  ['an unknown write that is never seen', [unknown({ op: 'write', value: 'a' }, 0), read(5, 6, '')]],
  [
    'an unknown write that takes effect late',
    [unknown({ op: 'write', value: 'a' }, 0), read(5, 6, ''), read(7, 8, 'a')],
  ],
];

const WRONG: readonly (readonly [what: string, history: History])[] = [
  ['a read of what nobody wrote', [read(0, 1, 'a')]],
  ['a read of the past', [write('a', 0, 1), write('b', 2, 3), read(4, 5, 'a')]],
  ['a lost append', [append('a', 0, 1, ',a'), append('b', 2, 3, ',b')]],
  ['an append twice', [append('a', 0, 1, ',a'), read(2, 3, ',a,a')]],
  ['two winners of one exchange', [cas('', 'a', 0, 9, true), cas('', 'b', 1, 8, true)]],
  ['a loser of an exchange that nobody won', [cas('', 'a', 0, 1, false)]],
  ['reads that go back', [write('a', 0, 9), read(1, 2, 'a'), read(3, 4, '')]],
  ['an effect before its call', [read(0, 1, 'a'), write('a', 2, 3)]],
  ['appends in an order that their time forbids', [append('a', 0, 1, ',b,a'), append('b', 2, 3, ',b')]],
  [
    'an unknown append that takes effect twice',
    [unknown({ op: 'append', value: 'a' }, 0), read(1, 2, ',a'), read(3, 4, ',a,a')],
  ],
  [
    'readers that see two writes in two orders',
    [write('a', 0, 9), write('b', 0, 9), read(1, 2, 'a'), read(3, 4, 'b'), read(5, 6, 'a')],
  ],
  ['an unknown write before it was called', [read(0, 1, 'a'), unknown({ op: 'write', value: 'a' }, 5)]],
];

describe('the search for an order of operations', () => {
  it.each(RIGHT)('finds one for %s', (_, history) => {
    expect(explain(REGISTER, history)).toBeUndefined();
    expect(explain(REGISTER, history.toReversed())).toBeUndefined();
  });

  it.each(WRONG)('finds none for %s', (_, history) => {
    expect(explain(REGISTER, history)).toContain('none fits');
    expect(explain(REGISTER, history.toReversed())).toContain('none fits');
  });

  it('is done soon with many operations at once, of which half have no answer', () => {
    const history: History = [];
    for (let i = 0, text = ''; i < 300; i++) {
      text = `${text},${i}`;
      history.push(append(`${i}`, i, i + 6, text), unknown({ op: 'write', value: `never ${i}` }, i));
    }
    // In few states: it would throw else.
    expect(explain(REGISTER, history)).toBeUndefined();
  });

  it('is given up when too many have no answer, with how many', () => {
    const lost = Array.from({ length: 20 }, (_, at) => unknown({ op: 'append', value: `${at}` }, at));
    expect(() => explain(REGISTER, [...lost, read(50, 51, 'what nobody wrote')])).toThrow(
      'not decided after 100000 states: 20 of 21 operations have no answer',
    );
  });
});
