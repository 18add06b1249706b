import { LookBack } from '../../lib/runtime/look-back.js';

/** A look back on a clock that the test moves. */
function lookBack() {
  const clock = { now: 1_000_000, monotonic: () => clock.now };
  const look = new LookBack(clock);
  /** A look that takes so long; how far it went back. */
  const takes = (ms: number, dealtWithMs = 0): number | null => {
    const { sinceMs } = look;
    const at = clock.now;
    clock.now += ms;
    look.looked({ at, sinceMs, dealtWithMs });
    return sinceMs;
  };
  return { clock, look, takes };
}

describe('looks for what is due', () => {
  it('go back to the beginning each time while that is cheap', () => {
    const { takes } = lookBack();
    expect([takes(5), takes(5), takes(5)]).toEqual([null, null, null]);
  });

  it('go back to the last one once it is dear, and to the beginning for a twentieth of the time', () => {
    const { clock, takes } = lookBack();
    expect(takes(100)).toBeNull();
    // From the start of the one before, and for what is committed late.
    expect(takes(1)).toBe(10_100);
    clock.now += 500;
    expect(takes(1)).toBe(10_501);
    clock.now += 1_500;
    expect(takes(100)).toBeNull();
  });

  it('go back to the beginning every five seconds however dear it is', () => {
    const { clock, takes } = lookBack();
    takes(60_000);
    clock.now += 4_999;
    expect(takes(0)).not.toBeNull();
    clock.now += 1;
    expect(takes(0)).toBeNull();
  });

  it('go back to where one ended that found more than it could take', () => {
    const { takes } = lookBack();
    takes(100, 3_600_000);
    expect(takes(1)).toBe(3_600_000 + 100 + 10_000);
  });
});
