import { Slots } from '../../../lib/runtime/slots.js';
import { HandClock } from '../../support/hand-clock.js';

describe('the slots of a worker', () => {
  let clock: HandClock;
  let driven: number;
  let slots: Slots;

  beforeEach(() => {
    clock = new HandClock();
    driven = 0;
    slots = new Slots(10, () => driven, clock);
  });

  /** Accepts one; what it answers goes on at once, as long as it is not left to wait. */
  const enter = (): true | Promise<boolean> => {
    expect(slots.reserve(true)).toBe(true);
    const slot = slots.enter();
    if (slot === true) drive();
    return slot;
  };
  const drive = (): void => {
    slots.release(1);
    driven++;
  };
  const end = (): void => {
    driven--;
    slots.freed();
  };
  const fill = (): void => {
    while (driven < 10) expect(enter()).toBe(true);
  };

  it('are given at birth, and once all are in use what is accepted waits for the next ones, in its order', async () => {
    fill();
    expect(slots.free).toBe(0);
    const order: number[] = [];
    const waiting = [1, 2, 3].map(async nth => {
      expect(await enter()).toBe(true);
      order.push(nth);
      drive();
    });
    expect(order).toEqual([]);
    end();
    await waiting[0];
    end();
    await waiting[1];
    end();
    await waiting[2];
    expect(order).toEqual([1, 2, 3]);
    expect(slots.isUnclaimed).toBe(true);
  });

  it('are for those that wait before they are for what comes through the store', async () => {
    fill();
    const slot = enter();
    expect(slots.free).toBe(0);
    // Who is accepted now is not before the one that waits.
    expect(slots.reserve(true)).toBe(true);
    end();
    expect(slots.free).toBe(0);
    expect(await slot).toBe(true);
    drive();
    slots.cancel();
    end();
    expect(slots.free).toBe(1);
  });

  it('let nobody wait while something else is known to', () => {
    fill();
    expect(slots.reserve(false)).toBe(false);
    end();
    expect(slots.reserve(false)).toBe(true);
  });

  it('let nobody wait any more after a second in which somebody always did, until others had their turn', async () => {
    fill();
    const pass = async (): Promise<void> => {
      const slot = slots.enter();
      end();
      expect(await slot).toBe(true);
      drive();
    };
    for (let now = 0; now < 1_000; now += 50) {
      await clock.moveTo(now);
      expect(slots.reserve(true)).toBe(true);
      if (now > 0) await pass();
    }
    await clock.moveTo(1_000);
    expect(slots.reserve(true)).toBe(false);
    await pass();
    expect(slots.isUnclaimed).toBe(true);
    expect(slots.reserve(true)).toBe(false);
    await clock.moveTo(1_099);
    expect(slots.reserve(true)).toBe(false);
    await clock.moveTo(1_100);
    expect(slots.reserve(true)).toBe(true);
  });

  it('hold ten times as many that wait, and refuse the rest', () => {
    fill();
    for (let waiting = 0; waiting < 100; waiting++) expect(slots.reserve(true)).toBe(true);
    expect(slots.reserve(true)).toBe(false);
  });

  it('have a place again when what was to be accepted was not', () => {
    fill();
    while (slots.reserve(true));
    slots.cancel();
    expect(slots.reserve(true)).toBe(true);
  });

  it('give up those that wait when none comes free, and let few wait until some do', async () => {
    fill();
    const slot = enter();
    await clock.moveTo(150);
    expect(slots.isUnclaimed).toBe(false);
    await clock.moveTo(250);
    expect(await slot).toBe(false);
    slots.release(1);
    expect(slots.isUnclaimed).toBe(true);
    expect(slots.reserve(true)).toBe(false);
    end();
    fill();
    expect(slots.reserve(true)).toBe(true);
    expect(slots.reserve(true)).toBe(false);
  });

  it('let fewer wait for each that waited for more than a quarter of a second', async () => {
    fill();
    while (slots.reserve(true));
    const all = Array.from({ length: 100 }, async () => {
      await slots.enter();
      drive();
    });
    // One comes free every 10 ms.
    for (let ended = 0; ended < 90; ended++) {
      end();
      await all[ended];
      await clock.moveTo(clock.now() + 10);
    }
    // 90 have gone on, 64 of them after more than 250 ms: of 100 places 36 are left, in which 10 wait.
    let places = 0;
    while (slots.reserve(true)) places++;
    expect(places).toBe(26);
  });
});
