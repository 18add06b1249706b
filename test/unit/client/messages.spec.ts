import { Messages } from '../../../lib/client/messages.js';
import { StoredObjectState } from '../../../lib/client/object-state-editor.js';
import { JsonCodec, RecordErrorCodec, ErrorRegistry } from '../../../lib/codec/index.js';
import { awakeableId, freshToken } from '../../../lib/codec/awakeable-id.js';
import { freshId, objectRef } from '../../../lib/codec/identity.js';
import { TerminalError } from '../../../lib/errors/index.js';
import type { Arrival, ArrivalResult } from '../../../lib/ports/store.js';
import type { Backend } from '../../../lib/runtime/backend.js';

const SCOPE = 'default/durable';
const codec = new JsonCodec();
const errors = new RecordErrorCodec(new ErrorRegistry(), codec);

let arrivals: Arrival[];
let answer: ArrivalResult;
let edits: unknown[];
let editResult: 'ok' | 'busy';
const stored = new Map<string, Map<string, string>>();
const backend = {
  scope: SCOPE,
  codec,
  errors,
  writer: {
    arrive: async (arrival: Arrival): Promise<ArrivalResult> => {
      arrivals.push(arrival);
      return answer;
    },
  },
  store: {
    states: async () => stored,
    editState: async (...edit: unknown[]) => {
      edits.push(edit);
      return editResult;
    },
  },
} as unknown as Backend;
const messages = new Messages(backend);

const invocationId = freshId();
const token = freshToken();
const awakeable = awakeableId(SCOPE, { invocationId, index: 3 }, token);

beforeEach(() => {
  [arrivals, answer, edits, editResult] = [[], 'ok', [], 'ok'];
  stored.clear();
});

describe('a completion', () => {
  const completion = { kind: 'completion', entry: { invocationId, index: 3 }, token };

  it('goes to the entry that the id names, with its token', async () => {
    await messages.resolve(awakeable, [1n]);
    expect(arrivals).toEqual([{ ...completion, outcome: 'ok', value: codec.encode([1n]) }]);
  });

  it('is an error if it rejects: a text is a TerminalError', async () => {
    await messages.reject(awakeable, 'no');
    const [arrival] = arrivals as { value: string }[];
    expect(arrival).toMatchObject({ ...completion, outcome: 'error' });
    const error = errors.decode(arrival?.value as string);
    expect([error instanceof TerminalError, error.message]).toEqual([true, 'no']);
  });

  it.each<[ArrivalResult, string]>([
    ['duplicate', 'DURABLE_AWAKEABLE_COMPLETED'],
    ['over', 'DURABLE_INVOCATION_OVER'],
    ['not_found', 'DURABLE_AWAKEABLE_NOT_FOUND'],
  ])('that is %s is refused', async (result, code) => {
    answer = result;
    await expect(messages.resolve(awakeable, 1)).rejects.toMatchObject({ code });
    await expect(messages.reject(awakeable, 'no')).rejects.toMatchObject({ code });
  });

  it('with a wrong id, reason or value asks the store nothing', async () => {
    const bad: [() => Promise<void>, string][] = [
      [() => messages.resolve('awk_', 1), 'DURABLE_AWAKEABLE_NOT_FOUND'],
      [() => messages.reject(awakeable, 5 as never), 'DURABLE_INVALID_OPTION'],
      [() => messages.resolve(awakeable, () => 1), 'DURABLE_UNSERIALISABLE_VALUE'],
    ];
    for (const [use, code] of bad) await expect(use()).rejects.toMatchObject({ code });
    expect(arrivals).toEqual([]);
  });
});

describe('a signal', () => {
  const idsOf = (): string[] => arrivals.map(arrival => (arrival as { id: string }).id);

  it('is a new one each time, unless a key says that it is the same', async () => {
    await messages.signal(invocationId.toUpperCase(), 'a', 1, undefined);
    await messages.signal(invocationId, 'a', 1, {});
    await messages.signal(invocationId, 'a', 1, { idempotencyKey: 'k' });
    await messages.signal(invocationId, 'a', 2, { idempotencyKey: 'k' });
    await messages.signal(invocationId, 'b', 1, { idempotencyKey: 'k' });
    expect(arrivals[0]).toMatchObject({ kind: 'signal', invocationId, name: 'a', value: '1' });
    const [first, second, third, fourth, fifth] = idsOf();
    expect(fourth).toBe(third);
    expect(new Set([first, second, third, fifth]).size).toBe(4);
  });

  it('that is there already is fine; one that reaches nobody is not', async () => {
    answer = 'duplicate';
    await messages.signal(invocationId, 'a', 1, undefined);
    answer = 'over';
    const over = messages.signal(invocationId, 'a', 1, undefined);
    await expect(over).rejects.toMatchObject({ code: 'DURABLE_INVOCATION_OVER', what: 'signal a' });
    answer = 'not_found';
    const nobody = messages.signal(invocationId, 'a', 1, undefined);
    await expect(nobody).rejects.toMatchObject({ code: 'DURABLE_INVOCATION_NOT_FOUND' });
  });

  it('with the start comes once, and may come too late', async () => {
    const start = messages.startSignal({ name: 'a', value: 1 });
    await start(invocationId);
    answer = 'over';
    await start(invocationId);
    await messages.signal(invocationId, 'a', 1, { idempotencyKey: 'a' }).catch(() => undefined);
    const [first, again, other] = idsOf();
    expect([again === first, other === first]).toEqual([true, false]);
    expect(() => messages.startSignal({ name: 'a', value: () => 1 })).toThrow(
      expect.objectContaining({ code: 'DURABLE_UNSERIALISABLE_VALUE' }) as Error,
    );
  });
});

describe('the state that is edited by hand', () => {
  const state = new StoredObjectState<Record<string, unknown>>('Warehouse', 'sku', backend, ask => ask());
  const object = objectRef('Warehouse', 'sku');

  it('is what the store has', async () => {
    expect([await state.get('a'), await state.all()]).toEqual([undefined, {}]);
    stored.set(
      object.id,
      new Map([
        ['a', codec.encode([1n])],
        ['__proto__', '2'],
      ]),
    );
    expect(await state.get('a')).toEqual([1n]);
    expect(Object.entries(await state.all())).toEqual([
      ['a', [1n]],
      ['__proto__', 2],
    ]);
  });

  it('is written encoded; undefined deletes', async () => {
    await state.set('a', [1n]);
    await state.set('a', undefined);
    await state.delete('b');
    expect(edits).toEqual([
      [object, [{ name: 'a', value: codec.encode([1n]) }]],
      [object, [{ name: 'a', value: null }]],
      [object, [{ name: 'b', value: null }]],
    ]);
  });

  it('is not written while a handler has it', async () => {
    editResult = 'busy';
    const busy = { code: 'DURABLE_OBJECT_BUSY', service: 'Warehouse', key: 'sku' };
    await expect(state.set('a', 1)).rejects.toMatchObject(busy);
    await expect(state.delete('a')).rejects.toMatchObject(busy);
  });
});
