import type { LedgerLine } from '../apps/faults/protocol.js';
import { earlyTimers, epochBreaches, overlaps } from './support/order-checks.js';
import type { EntryRow, InvocationRow, Records } from './support/records.js';

/** The checks that every run ends with are themselves checked: each refuses a history that is wrong in its way. */
describe('the checks of what a run has left', () => {
  const invocation = (over: Partial<InvocationRow> = {}): InvocationRow => ({
    id: 'a',
    status: 'completed',
    epoch: 2,
    owner: null,
    deaths: 0,
    failedAttempts: 0,
    output: '[]',
    error: null,
    objectId: null,
    queued: false,
    createdAt: 0,
    finishedAt: 100,
    slot: null,
    version: '1',
    ...over,
  });
  const entry = (index: number, epoch: number, over: Partial<EntryRow> = {}): EntryRow => ({
    id: 'a',
    index,
    kind: 'step',
    name: `step ${index}`,
    outcome: 'ok',
    value: '1',
    seq: index,
    epoch,
    writtenAt: 10 * index,
    version: '1',
    ...over,
  });
  const records = (invocations: InvocationRow[], entries: EntryRow[] = []): Records => ({
    invocations,
    entries,
    signals: [],
    objects: [],
    workers: [],
  });
  const turn = (id: string, finishedAt: number): InvocationRow =>
    invocation({ id, objectId: 'o', queued: true, finishedAt });

  it('accept a journal that was handed on from one epoch to the next', () => {
    const outside = entry(2, 1, { kind: 'call', seq: null, writtenAt: 999 });
    expect(epochBreaches(invocation(), [entry(0, 1), entry(1, 2), outside])).toEqual([]);
  });

  it.each([
    ['delivered by an older epoch after a newer one', [entry(0, 2, { writtenAt: 20 }), entry(1, 1)]],
    ['written by an older epoch after a newer one', [entry(0, 1, { writtenAt: 20 }), entry(1, 2)]],
    ['of an epoch that its invocation has not reached', [entry(0, 3)]],
  ])('refuse an entry that was %s', (_, journal) => {
    expect(epochBreaches(invocation(), journal)).toEqual([expect.stringContaining('(I4)')]);
  });

  it('accept turns of one object after each other, and refuse those that overlap', () => {
    const [first, second] = [turn('a', 15), turn('b', 40)];
    const entries = [entry(1, 1), entry(2, 1, { id: 'b' })];
    expect(overlaps(records([first, second], entries), new Set())).toEqual([]);
    const longer = records([turn('a', 21), second], entries);
    expect(overlaps(longer, new Set())).toEqual([expect.stringContaining('(I5)')]);
    expect(overlaps(longer, new Set(['a']))).toEqual([]);
  });

  it('refuse a sleep that was over early, and a slot before its time', () => {
    const line = (phase: 'start' | 'end', at: number): LedgerLine => ({
      pid: 1,
      what: 'timer',
      name: 'two',
      id: 'a',
      ms: 50,
      phase,
      at,
    });
    // Called again by a second attempt: the first call counts.
    const slept = (end: number) => [line('start', 0), line('start', 30), line('end', end), line('end', 90)];
    expect(earlyTimers(records([]), slept(50))).toEqual([]);
    expect(earlyTimers(records([]), slept(49))).toEqual([expect.stringContaining('(I7)')]);
    const early = invocation({ slot: 2_000, createdAt: 1_000 });
    expect(earlyTimers(records([early]), [])).toEqual([expect.stringContaining('(I7)')]);
  });
});
