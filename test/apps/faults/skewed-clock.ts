const { Date: TrueDate, setTimeout: trueSetTimeout } = globalThis;
let skewMs = 0;

/** Milliseconds since 1970 by the machine's clock, whatever this process takes for the time. */
export function trueNow(): number {
  return TrueDate.now();
}

/**
 * From now on the clock of this process is wrong by so much, and its timers fire after a share of their time: 0.8 is
 * early. Durations that are measured with `performance.now()` stay right, as those of a machine whose clock is set.
 */
export function skewClock(ms: number, timersBy = 1): void {
  skewMs = ms;
  globalThis.Date = SkewedDate as DateConstructor;
  globalThis.setTimeout = Object.assign(
    (fn: (...args: unknown[]) => void, delay = 0, ...args: unknown[]) =>
      trueSetTimeout(fn, delay * timersBy, ...args),
    trueSetTimeout,
  );
}

const SkewedDate: unknown = new Proxy(TrueDate, {
  get: (target, property, receiver) =>
    property === 'now' ? () => TrueDate.now() + skewMs : (Reflect.get(target, property, receiver) as unknown),
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [TrueDate.now() + skewMs] : args, newTarget) as object,
  apply: () => new TrueDate(TrueDate.now() + skewMs).toString(),
});
