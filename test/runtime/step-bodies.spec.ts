import { StepBodies, type StepBody } from '../../lib/runtime/step-bodies.js';
import { RecordingLogger } from '../support/recording-logger.js';

const LONGEST_MS = 60_000;
const body = (name: string): StepBody => ({
  kind: 'step',
  name,
  invocation: { id: 'i1', service: 'Shop', handler: 'sell' },
});

describe('a step that blocks the event loop', () => {
  let now = 0;
  let logger: RecordingLogger;
  let bodies: StepBodies;

  beforeEach(() => {
    logger = new RecordingLogger();
    bodies = new StepBodies(LONGEST_MS, logger, () => now);
  });

  /** Nothing else runs for so long. */
  const block = (ms: number): void => void (now += ms);
  /** Runs a body, as an attempt does. */
  const during = async (one: StepBody, run: () => Promise<void>): Promise<void> => {
    bodies.enter(one);
    try {
      const result = run();
      bodies.returned(one);
      await result;
    } finally {
      bodies.leave(one);
    }
  };
  const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));
  const warned = (ms: number, what: string) => [
    expect.stringMatching(new RegExp(`blocked.* for ${ms} ms while ${what} ran`)) as unknown,
  ];

  it('is named with its invocation and handler, if it computes at once', async () => {
    await during(body('one'), async () => block(61_000));
    expect(logger.warnings).toEqual(warned(61_000, 'step one of Shop.sell i1'));
  });

  it('is named if it computes after something else, and fails', async () => {
    const compute = async (): Promise<void> => {
      await nextTurn();
      block(70_000);
      throw new Error('too much');
    };
    await expect(during(body('two'), compute)).rejects.toThrow('too much');
    expect(logger.warnings).toEqual(warned(70_000, 'step two of Shop.sell i1'));
  });

  it('is among those that ran, if it goes on afterwards', async () => {
    let end: () => void = () => undefined;
    const held = new Promise<void>(resolve => (end = resolve));
    const all = ['one', 'two', 'three', 'four'].map(name => during(body(name), () => held));
    block(61_000);
    bodies.turn();
    end();
    await Promise.all(all);
    const [one, two, three] = ['one', 'two', 'three'].map(name => `step ${name} of Shop.sell i1`);
    expect(logger.warnings).toEqual(warned(61_000, `${one}, ${two}, ${three} and 1 more`));
  });

  it('is not one that takes as long, and lets the event loop turn', async () => {
    await during(body('one'), async () => {
      for (let turn = 0; turn < 10; turn++) {
        block(20_000);
        bodies.turn();
      }
    });
    expect(logger.warnings).toEqual([]);
    expect(bodies.takeBlocked()).toBeUndefined();
  });

  it('is not one that begins after the event loop was blocked by something else', async () => {
    await during(body('one'), async () => undefined);
    block(61_000);
    await during(body('two'), async () => undefined);
    expect(logger.warnings).toEqual([]);
  });

  it('is told once to whoever loses the lease by it', async () => {
    await during(body('one'), async () => block(61_000));
    expect(bodies.takeBlocked()).toBe('step one of Shop.sell i1');
    expect(bodies.takeBlocked()).toBeUndefined();
  });
});
