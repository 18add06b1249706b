import type { JournalEntry, Signature } from '../../lib/engine/entry.js';
import { decide, Replay } from '../../lib/engine/replay.js';

function entry(fields: Partial<JournalEntry> & { index: number }): JournalEntry {
  return {
    kind: 'step',
    name: `s${fields.index}`,
    calledAfter: 0,
    seq: null,
    outcome: null,
    value: null,
    tries: 0,
    dueIn: null,
    epoch: 1,
    durationMs: null,
    ...fields,
  };
}

const step = (name: string): Signature => ({ kind: 'step', name });
const ok = (index: number, seq: number | null): JournalEntry =>
  entry({ index, seq, outcome: 'ok', value: `${index}` });

describe('decide', () => {
  const open = entry({ index: 0, tries: 2 });
  const settled = ok(0, null);
  it.each([
    ['nothing recorded', undefined, 's0', { action: 'execute', index: 0, open: undefined }],
    ['an open entry', open, 's0', { action: 'execute', index: 0, open }],
    ['an outcome that was not delivered', settled, 's0', { action: 'deliver', index: 0, settled }],
    ['a delivered outcome', ok(0, 3), 's0', { action: 'replay', index: 0 }],
    [
      'another name',
      ok(0, 3),
      'other',
      { action: 'mismatch', mismatch: { index: 0, recorded: step('s0'), called: step('other') } },
    ],
    [
      'another name, open',
      open,
      'other',
      { action: 'mismatch', mismatch: { index: 0, recorded: step('s0'), called: step('other') } },
    ],
  ])('%s', (_, recorded, name, decision) => {
    expect(decide(recorded, 0, step(name))).toEqual(decision);
  });
});

describe('Replay', () => {
  it('R1: numbers calls in the order in which they are made', () => {
    const replay = new Replay([]);
    const indexes = ['a', 'b', 'c'].map(name => replay.call(step(name)));
    expect(indexes.map(decision => decision.action !== 'mismatch' && decision.index)).toEqual([0, 1, 2]);
    expect([2, 3].map(index => replay.wasCalled(index))).toEqual([true, false]);
  });

  it('R2, R3: gives recorded deliveries in recorded order, whatever the order of their calls', () => {
    const replay = new Replay([ok(0, 2), ok(1, 0), ok(2, 1), ok(3, null)]);
    const order: number[] = [];
    for (let next = replay.next; next; next = replay.next) {
      order.push(next.index);
      expect(replay.deliver()).toBe(order.length - 1);
    }
    expect(order).toEqual([1, 2, 0]);
  });

  it('R4: replays until the last recorded delivery is made', () => {
    const replay = new Replay([ok(0, 0), ok(1, 1)]);
    expect(replay.isReplaying).toBe(true);
    replay.deliver();
    expect(replay.isReplaying).toBe(true);
    replay.deliver();
    expect(replay.isReplaying).toBe(false);
    expect(replay.delivered).toBe(2);
  });

  it('R5: names the first entry that was not called', () => {
    const replay = new Replay([ok(0, 0), ok(1, 1), ok(2, 2)]);
    replay.call(step('s0'));
    expect(replay.uncalled()).toEqual({ index: 1, recorded: step('s1'), called: undefined });
    replay.call(step('s1'));
    replay.call(step('s2'));
    expect(replay.uncalled()).toBeUndefined();
  });
});
