import { DueHeap } from '../../lib/adapters/local/due-heap.js';
import { Fifo } from '../../lib/adapters/local/fifo.js';
import { LocalTransport } from '../../lib/adapters/local/local-transport.js';
import type { Clock } from '../../lib/ports/clock.js';
import { hints, idsOf, transportContract } from '../contract/transport.contract.js';
import { systemClock } from '../../lib/runtime/system-clock.js';
import { RecordingIntake } from '../support/recording-intake.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { until } from '../support/until.js';

const opened: LocalTransport[] = [];

function open(options: { clock?: Clock; bound?: number } = {}): LocalTransport {
  const transport = new LocalTransport({ clock: systemClock, logger: new RecordingLogger(), ...options });
  opened.push(transport);
  return transport;
}

async function clean(): Promise<void> {
  await Promise.all(opened.splice(0).map(transport => transport.close()));
}

transportContract('local', {
  open: async () => open(),
  another: async first => first,
  clean,
  latenessMs: 60,
});

describe('the local transport', () => {
  afterEach(clean);

  test('leaves what exceeds its bound to the store, and says so once the rest was brought', async () => {
    const transport = open({ bound: 10 });
    transport.ready(hints(15));
    const intake = new RecordingIntake(['Orders'], 0);
    const consumer = await intake.on(transport);
    expect(intake.losses).toBe(0);
    intake.limit = 100;
    consumer.resume();
    await until('the loss is told', () => intake.losses === 1);
    expect(intake.ids).toHaveLength(10);
    transport.ready(hints(1));
    await until('it goes on', () => intake.ids.length === 11);
    expect(intake.losses).toBe(1);
  });

  test('a service without a worker does not fill the queue of another', async () => {
    const transport = open({ bound: 10 });
    const intake = new RecordingIntake(['Orders']);
    await intake.on(transport);
    transport.ready(hints(50, 'Nobody'));
    transport.ready(hints(5));
    await until('they are there', () => intake.ids.length === 5);
    expect(intake.losses).toBe(0);
  });

  test('leaves timers that exceed its bound to the store', async () => {
    const transport = open({ bound: 10 });
    const intake = new RecordingIntake(['Orders']);
    await intake.on(transport);
    transport.due(hints(11).map(hint => ({ ...hint, dueInMs: 20 })));
    await until('the rest is there', () => intake.ids.length === 10 && intake.losses === 1);
  });

  test('has one timer, for what is due first', async () => {
    const armed: number[] = [];
    let cancelled = 0;
    const clock: Clock = {
      ...systemClock,
      monotonic: () => 0,
      after: ms => {
        armed.push(ms);
        return () => void (cancelled += 1);
      },
    };
    const transport = open({ clock });
    const [late, later, soon] = hints(3);
    transport.due([{ ...late!, dueInMs: 500 }]);
    transport.due([{ ...later!, dueInMs: 600 }]);
    transport.due([{ ...soon!, dueInMs: 100 }]);
    expect(armed).toEqual([500, 100]);
    expect(cancelled).toBe(1);
  });

  test('hands over ids of all services when one of them is busy', async () => {
    const transport = open();
    const intake = new RecordingIntake(['A', 'B'], 1);
    transport.ready(hints(500, 'A'));
    const rare = hints(1, 'B');
    transport.ready(rare);
    await intake.on(transport);
    await until('the rare one is there', () => intake.ids.includes(idsOf(rare)[0]!));
    expect(intake.ids.indexOf(idsOf(rare)[0]!)).toBeLessThan(3);
  });
});

describe('its heap', () => {
  test('gives back in the order of time what was put in at random', () => {
    const heap = new DueHeap();
    const times = Array.from({ length: 500 }, () => Math.floor(Math.random() * 1_000));
    for (const at of times) heap.add({ id: `${at}`, service: 'S', at });
    expect(heap.takeDue(500).map(({ at }) => at)).toEqual(
      times.filter(at => at <= 500).sort((a, b) => a - b),
    );
    expect(heap.takeDue(Infinity).map(({ at }) => at)).toEqual(
      times.filter(at => at > 500).sort((a, b) => a - b),
    );
    expect(heap.size).toBe(0);
    expect(heap.next).toBeUndefined();
  });
});

describe('its queue', () => {
  test('is first in, first out, and refuses beyond its bound', () => {
    const queue = new Fifo(3);
    for (const id of ['a', 'b', 'c', 'd']) queue.push(id);
    expect(queue.refused).toBe(true);
    expect(queue.shift(2)).toEqual(['a', 'b']);
    queue.push('e');
    expect(queue.shift(9)).toEqual(['c', 'e']);
    expect(queue.size).toBe(0);
  });
});
