import { DurableContext } from '../../../lib/context/durable-context.js';
import type { DurableError } from '../../../lib/errors/index.js';
import { ScriptedAttempt } from '../../support/scripted-attempt.js';

class Shop {
  async sell(_what: string, _count: number): Promise<number> {
    return 1;
  }
}
class ObjectShelf {
  async take(_count: number): Promise<string> {
    return '';
  }
}

const ID = '0193a0a0-0000-7000-8000-00000000000A';
const durable = new DurableContext();
let attempt: ScriptedAttempt;
beforeEach(() => (attempt = new ScriptedAttempt()));

/** Every operation that belongs into a handler, rightly used. */
const OPERATIONS: Readonly<Record<string, () => unknown>> = {
  sleep: () => durable.sleep('1s'),
  sleepUntil: () => durable.sleepUntil(new Date(1)),
  call: () => durable.call(Shop),
  send: () => durable.send(Shop),
  attach: () => durable.attach(ID),
  awakeable: () => durable.awakeable(),
  signal: () => durable.signal('approve'),
  set: () => durable.set('done', 1),
};

const codeOf = (use: () => unknown): unknown => {
  try {
    use();
  } catch (error) {
    return (error as DurableError).code;
  }
  return undefined;
};

describe.each(Object.entries(OPERATIONS))('DurableContext.%s', (name, use) => {
  it('throws outside an invocation, at the call, and says what was used', () => {
    expect(codeOf(use)).toBe('DURABLE_NO_INVOCATION');
    expect(use).toThrow(`DurableContext.${name} exists within an invocation only`);
  });

  it('throws within a step, at the call, and says what and where', () => {
    expect(() => attempt.run(use, 'charge')).toThrow(
      expect.objectContaining({
        code: 'DURABLE_INSIDE_STEP',
        what: `DurableContext.${name}`,
        step: 'charge',
      }) as Error,
    );
    expect(attempt.calls).toEqual([]);
  });

  it('is fine in a handler', () => {
    expect(codeOf(() => attempt.run(use))).toBeUndefined();
  });
});

describe('what the runtime is asked for', () => {
  it('is a time in milliseconds, or a copy of a date', async () => {
    const date = new Date(5);
    await attempt.run(() => Promise.all([durable.sleep('1.5h'), durable.sleep(0), durable.sleepUntil(date)]));
    date.setTime(6);
    expect(attempt.calls).toEqual([
      ['sleep', { ms: 5_400_000 }],
      ['sleep', { ms: 0 }],
      ['sleep', { at: new Date(5) }],
    ]);
  });

  it('is a date of this era, also for one before Christ', () => {
    void attempt.run(() => durable.sleepUntil(new Date(-8.64e15)));
    expect(attempt.calls).toEqual([['sleep', { at: new Date(0) }]]);
  });

  it('is a call with its target, arguments, options and timeout', async () => {
    const result = await attempt.run(() =>
      durable.call(ObjectShelf, { key: 'a b', timeout: '2s', idempotencyKey: 'k', delay: 3 }).take(4),
    );
    expect(result).toBe('answer');
    const target = { service: 'ObjectShelf', handler: 'take', kind: 'exclusive' };
    const child = { target, args: [4], key: 'a b', idempotencyKey: 'k', delayMs: 3, at: undefined };
    expect(attempt.calls).toEqual([['call', child, 2_000]]);
  });

  it('is a send, whose handle waits for the result as attach does', async () => {
    attempt.answer = async () => ID.toLowerCase();
    const { id, result } = await attempt.run(() => durable.send(Shop, { at: new Date(7) }).sell('x', 1));
    expect(id).toBe(ID.toLowerCase());
    attempt.answer = async () => 3;
    expect(await attempt.run(() => result({ timeout: 9 }))).toBe(3);
    const target = { service: 'Shop', handler: 'sell', kind: 'service' };
    const child = {
      target,
      args: ['x', 1],
      key: undefined,
      idempotencyKey: undefined,
      delayMs: 0,
      at: new Date(7),
    };
    expect(attempt.calls).toEqual([
      ['send', child],
      ['attach', ID.toLowerCase(), 9],
    ]);
  });

  it('is an id as the store writes it, a signal, an awakeable, a progress', async () => {
    attempt.run(() => {
      void durable.attach(ID, { timeout: 1 });
      void durable.signal('approve');
      void durable.signal('approve', { timeout: '1m' });
      expect(durable.awakeable({ timeout: 5 }).id).toBe('awk_1');
      durable.set('done', [1]);
    });
    expect(attempt.calls).toEqual([
      ['attach', ID.toLowerCase(), 1],
      ['awaitSignal', 'approve', undefined],
      ['awaitSignal', 'approve', 60_000],
      ['awakeable', 5],
      ['set', 'done', [1]],
    ]);
  });

  it('is refused for a send that nobody awaits without ending the process', async () => {
    attempt.answer = async () => Promise.reject(new Error('conflict'));
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    const sent = attempt.run(() => durable.send(Shop).sell('x', 1));
    await new Promise(resolve => setImmediate(resolve));
    await new Promise(resolve => setImmediate(resolve));
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
    await expect(sent).rejects.toThrow('conflict');
  });
});

describe('a wrong call', () => {
  it.each<[string, () => unknown, string]>([
    ['a negative time', () => durable.sleep(-1), 'DURABLE_INVALID_DURATION'],
    ['no number', () => durable.sleep(NaN), 'DURABLE_INVALID_DURATION'],
    ['an infinite time', () => durable.sleep(Infinity), 'DURABLE_INVALID_DURATION'],
    ['a thousand years', () => durable.sleep('365000d'), 'DURABLE_INVALID_DURATION'],
    ['an unknown unit', () => durable.sleep('5 minutes' as never), 'DURABLE_INVALID_DURATION'],
    ['no time', () => durable.sleep(undefined as never), 'DURABLE_INVALID_DURATION'],
    ['a date as a time', () => durable.sleep(new Date() as never), 'DURABLE_INVALID_DURATION'],
    ['an invalid date', () => durable.sleepUntil(new Date(NaN)), 'DURABLE_INVALID_OPTION'],
    ['a text as a date', () => durable.sleepUntil('2030-01-01' as never), 'DURABLE_INVALID_OPTION'],
    ['a signal without a name', () => durable.signal(''), 'DURABLE_INVALID_NAME'],
    ['a signal with a line break', () => durable.signal('a\n'), 'DURABLE_INVALID_NAME'],
    ['a signal of a symbol', () => durable.signal(Symbol('s') as never), 'DURABLE_INVALID_NAME'],
    ['a long name of a signal', () => durable.signal('a'.repeat(257)), 'DURABLE_INVALID_NAME'],
    ['a progress without a name', () => durable.set('', 1), 'DURABLE_INVALID_NAME'],
    ['a lone surrogate', () => durable.set('\ud800', 1), 'DURABLE_INVALID_NAME'],
    ['a wrong timeout of a signal', () => durable.signal('a', { timeout: -1 }), 'DURABLE_INVALID_DURATION'],
    [
      'a wrong option of a signal',
      () => durable.signal('a', { tiemout: 1 } as never),
      'DURABLE_INVALID_OPTION',
    ],
    ['null as options', () => durable.awakeable(null as never), 'DURABLE_INVALID_OPTION'],
    [
      'a wrong timeout of an awakeable',
      () => durable.awakeable({ timeout: NaN }),
      'DURABLE_INVALID_DURATION',
    ],
    ['an id that is none', () => durable.attach('i1'), 'DURABLE_INVOCATION_NOT_FOUND'],
    ['an id that is no text', () => durable.attach({} as never), 'DURABLE_INVOCATION_NOT_FOUND'],
    ['an option of a call', () => durable.call(Shop, { keyy: 'a' } as never), 'DURABLE_INVALID_OPTION'],
    ['delay and date', () => durable.call(Shop, { delay: 1, at: new Date() }), 'DURABLE_INVALID_OPTION'],
    ['a timeout of a send', () => durable.send(Shop, { timeout: 1 } as never), 'DURABLE_INVALID_OPTION'],
    ['an object without a key', () => durable.call(ObjectShelf).take(1), 'DURABLE_OBJECT_KEY'],
    [
      'an object with an empty key',
      () => durable.send(ObjectShelf, { key: '' }).take(1),
      'DURABLE_OBJECT_KEY',
    ],
    ['a service with a key', () => durable.call(Shop, { key: 'a' }).sell('x', 1), 'DURABLE_OBJECT_KEY'],
  ])('with %s throws before anything is asked for', (_, use, code) => {
    expect(codeOf(() => attempt.run(use))).toBe(code);
    expect(attempt.calls).toEqual([]);
  });

  it('is told apart from one at the wrong place', () => {
    expect(codeOf(() => durable.sleep(-1))).toBe('DURABLE_INVALID_DURATION');
    expect(codeOf(() => attempt.run(() => durable.sleep(-1), 'charge'))).toBe('DURABLE_INVALID_DURATION');
  });
});

describe('the sources', () => {
  it('are those of the invocation in a handler', () => {
    expect(attempt.run(() => [durable.now(), durable.random(), durable.uuid()])).toEqual([
      new Date(5),
      0.25,
      'u1',
    ]);
  });

  it.each([
    ['outside', <T>(code: () => T): T => code()],
    ['within a step', <T>(code: () => T): T => attempt.run(code, 'charge')],
  ])('are the plain ones %s', (_, run) => {
    const before = Date.now();
    const [now, random, uuid] = run(() => [durable.now(), durable.random(), durable.uuid()] as const);
    expect(now.getTime()).toBeGreaterThanOrEqual(before);
    expect(random).not.toBe(0.25);
    expect(uuid).toMatch(/^[0-9a-f-]{36}$/);
    expect(run(() => durable.uuid())).not.toBe(uuid);
  });
});

describe('the key', () => {
  it('is that of the object, also within a step', () => {
    attempt.invocation = { ...attempt.invocation, key: 'sku 1' };
    expect(attempt.run(() => durable.key)).toBe('sku 1');
    expect(attempt.run(() => durable.key, 'charge')).toBe('sku 1');
  });

  it('is missed in a plain service, and outside', () => {
    expect(() => attempt.run(() => durable.key)).toThrow(
      expect.objectContaining({ code: 'DURABLE_NO_OBJECT', handler: 'Shop.sell' }) as Error,
    );
    expect(codeOf(() => durable.key)).toBe('DURABLE_NO_INVOCATION');
  });
});
