import { openLoop } from '../../../benchmark/open-loop.js';

/** Time that passes only in pauses, once all that can go on has gone on. */
function virtualTime(): { now: () => number; pause: () => Promise<void>; stall: (ms: number) => void } {
  let now = 1_000;
  return {
    now: () => now,
    pause: async () => {
      await new Promise(setImmediate);
      now += 1;
    },
    stall: ms => void (now += ms),
  };
}

describe('a paced load', () => {
  test('starts at its rate, also while nothing ends', async () => {
    const time = virtualTime();
    const startedAt: number[] = [];
    let end: () => void = () => undefined;
    const ends = new Promise<void>(resolve => (end = resolve));
    const one = async (value: number): Promise<void> => {
      startedAt.push(time.now() - 1_000);
      if (value === 4) end();
      await ends;
    };
    const latencies = await openLoop({ perSecond: 100, count: 5, one }, time);
    expect(startedAt).toEqual([0, 10, 20, 30, 40]);
    expect(latencies).toEqual([40, 30, 20, 10, 0]);
  });

  test('charges a stall to all that were to start meanwhile', async () => {
    const time = virtualTime();
    const one = async (value: number): Promise<void> => {
      if (value === 1) time.stall(25);
    };
    const latencies = await openLoop({ perSecond: 100, count: 5, one }, time);
    // Those that were to start at 20 and 30 ms start at 35 ms.
    expect(latencies).toEqual([0, 25, 15, 5, 0]);
  });

  test('fails with what fails', async () => {
    const one = (): Promise<void> => Promise.reject(new Error('wrong result'));
    await expect(openLoop({ perSecond: 100, count: 1, one }, virtualTime())).rejects.toThrow('wrong result');
  });
});
