import { ErrorRegistry, JsonCodec, RecordErrorCodec } from '../../lib/codec/index.js';
import { CancelledError, DeadlineExceededError } from '../../lib/errors/index.js';
import type { Publication } from '../../lib/ports/events.js';
import { CANCEL_SIGNAL } from '../../lib/ports/store.js';
import type { AttemptScope } from '../../lib/runtime/attempt-scope.js';
import { CHILD, endOf, startAttempt } from '../support/attempt-on-journal.js';
import { JournalOfOne } from '../support/journal-store.js';

const errors = new RecordErrorCodec(new ErrorRegistry(), new JsonCodec());
const REQUESTS = [
  ['cancel', errors.encode(new CancelledError('it'))],
  ['expired deadline', errors.encode(new DeadlineExceededError('it'))],
] as const;
const EVENT: Publication = { name: 'sold', id: undefined, prepare: async (_, encode) => encode([]) };
const ONE_WAY: [string, (scope: AttemptScope) => Promise<unknown>][] = [
  ['send', scope => scope.send(CHILD)],
  ['publish', scope => scope.publish(EVENT)],
];
const CASES = REQUESTS.flatMap(([request, value]) =>
  ONE_WAY.map(([name, oneWay]) => ({ request, value, name, oneWay })),
);

describe('a request to end', () => {
  it.each(CASES)('lets each $name through, and is given to what comes next ($request)', async one => {
    const store = new JournalOfOne();
    const { done } = startAttempt(store, async (step, scope) => {
      await one.oneWay(scope);
      store.signal({ id: 'ask', name: CANCEL_SIGNAL, value: one.value });
      for (let sent = 0; sent < 3; sent++) await one.oneWay(scope);
      return step('next', () => 'was not asked to end').catch((error: Error) => error.name);
    });
    const name = one.request === 'cancel' ? CancelledError.name : DeadlineExceededError.name;
    expect(endOf(await done)).toEqual({ status: 'completed', value: name });
    const recorded = [...store.entries.values()].map(({ kind, outcome }) => `${kind} ${outcome}`);
    expect(recorded).toEqual([...Array<string>(4).fill(`${one.name} ok`), 'step error']);
    expect(store.signals).toEqual([]);
  });

  it.each(CASES)('that was there before lets a $name through ($request)', async one => {
    const store = new JournalOfOne();
    store.signal({ id: 'ask', name: CANCEL_SIGNAL, value: one.value });
    const { done } = startAttempt(store, async (step, scope) => {
      await one.oneWay(scope);
      return step('next', () => 'was not asked to end').catch((error: Error) => error.name);
    });
    expect(endOf(await done)).toMatchObject({ status: 'completed' });
    expect(store.entries.get(0)).toMatchObject({ kind: one.name, outcome: 'ok' });
    expect(store.entries.get(1)).toMatchObject({ kind: 'step', outcome: 'error' });
  });

  it.each(CASES)('leaves a $name alone that is called beside a wait ($request)', async one => {
    const store = new JournalOfOne();
    const { done } = startAttempt(store, async (_, scope) => {
      const waits = scope.awaitSignal('s').catch((error: Error) => error.name);
      store.signal({ id: 'ask', name: CANCEL_SIGNAL, value: one.value });
      const sent = await one.oneWay(scope).then(
        () => 'sent',
        (error: Error) => error.name,
      );
      return [sent, await waits];
    });
    const name = one.request === 'cancel' ? CancelledError.name : DeadlineExceededError.name;
    expect(endOf(await done)).toEqual({ status: 'completed', value: ['sent', name] });
  });
});
