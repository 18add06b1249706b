import type { Settled, Store } from '../../lib/ports/store.js';
import { Results } from '../../lib/runtime/results.js';
import { systemClock } from '../../lib/runtime/system-clock.js';
import { HandClock } from '../support/hand-clock.js';
import { RecordingLogger } from '../support/recording-logger.js';

const OVER: Settled = { id: 'i', status: 'completed', output: '1', error: null };

/** Results of a store that answers when it is told to. */
function results(clock: ConstructorParameters<typeof Results>[2] = systemClock) {
  const asks: { readonly ids: readonly string[]; answer(settled: Settled[]): void }[] = [];
  const outcomes = (ids: readonly string[]): Promise<Settled[]> =>
    new Promise(resolve => asks.push({ ids, answer: resolve }));
  const store = { outcomes } as unknown as Store;
  const facts = { isPushed: () => false, isDriven: () => false };
  return { asks, results: new Results(store, facts, clock, new RecordingLogger()) };
}

describe('results', () => {
  it('are asked for by one chain of polls, also if somebody asks while the store is being asked', async () => {
    const clock = new HandClock();
    const { asks, results: waiting } = results(clock);
    waiting.watch('i').ask();
    await clock.moveTo(50);
    asks[0]?.answer([]);
    await new Promise(setImmediate);
    // The next one comes later than that: somebody who asks now has it come sooner.
    await clock.moveTo(150);
    expect(asks).toHaveLength(2);
    waiting.watch('j').ask();
    asks[1]?.answer([]);
    await new Promise(setImmediate);
    expect(clock.armed).toBe(1);
  });

  it('keep nobody who never asked, once the invocation has left this process', async () => {
    const { asks, results: waiting } = results();
    waiting.watch('i');
    waiting.forget('i');
    waiting.announce(['i']);
    await new Promise(setImmediate);
    expect(asks).toEqual([]);
  });

  it('come to who asks only after the invocation has left this process', async () => {
    const { asks, results: waiting } = results();
    const wait = waiting.watch('i');
    waiting.forget('i');
    wait.ask();
    // At once: it may have ended before.
    expect(asks.map(({ ids }) => ids)).toEqual([['i']]);
    asks[0]?.answer([OVER]);
    expect(await wait.settled).toEqual(OVER);
  });

  it('come to who had asked when the invocation left this process', async () => {
    const { results: waiting } = results();
    const wait = waiting.watch('i');
    wait.ask();
    waiting.forget('i');
    waiting.settle(OVER);
    expect(await wait.settled).toEqual(OVER);
  });

  it('keep nobody who asks no more for what is not driven here', async () => {
    const { asks, results: waiting } = results();
    const cancel = waiting.watch('i').ask();
    waiting.forget('i');
    cancel();
    waiting.announce(['i']);
    await new Promise(setImmediate);
    expect(asks).toEqual([]);
  });
});
