import { DurableContext, DurableService, Handler, type InvocationHandle, Step } from '../../lib/index.js';
import { Applications, type Running } from '../support/applications.js';
import { Latch } from '../support/latch.js';
import { Recorder } from '../support/recorder.js';
import { until } from '../support/until.js';

const SLOTS = 10;
const ACCEPTED = 40;

@DurableService()
class Held {
  constructor(
    private readonly durable: DurableContext,
    private readonly recorder: Recorder,
    private readonly latch: Latch,
  ) {}

  @Handler()
  async hold(value: number): Promise<number> {
    this.recorder.note(`${value}`);
    await this.body();
    return value;
  }

  @Handler()
  async told(): Promise<string> {
    return this.durable.signal<string>('news');
  }

  @Step()
  async body(): Promise<void> {
    await this.latch.wait();
  }
}

/** A process: what it does, and what lets its steps go on. */
interface Member {
  readonly running: Running;
  readonly recorder: Recorder;
  readonly latch: Latch;
}

describe('what is accepted while all slots of its process are in use', () => {
  let applications: Applications;

  beforeAll(async () => {
    applications = await Applications.open();
  });

  afterAll(() => applications.close());

  const start = async (schema: string): Promise<Member> => {
    const recorder = new Recorder();
    const latch = new Latch();
    const running = await applications.start({
      schema,
      durable: { worker: { concurrency: SLOTS, drainTimeout: '50ms' } },
      providers: [Held, { provide: Recorder, useValue: recorder }, { provide: Latch, useValue: latch }],
    });
    return { running, recorder, latch };
  };
  const send = (member: Member): Promise<InvocationHandle<number>[]> => {
    const sends = member.running.client.send(Held);
    return Promise.all(Array.from({ length: ACCEPTED }, (_, value) => sends.hold(value)));
  };
  const expectAll = async (handles: readonly InvocationHandle<number>[]): Promise<void> => {
    const values = await Promise.all(handles.map(handle => handle.result()));
    expect(values).toEqual(Array.from({ length: ACCEPTED }, (_, value) => value));
  };

  it('goes on there when they come free, each once', async () => {
    const member = await start('near');
    const handles = await send(member);
    await until('its slots are in use', () => member.recorder.events.length === SLOTS);
    member.latch.open();
    await expectAll(handles);
    expect(member.recorder.events).toHaveLength(ACCEPTED);
  });

  it('is left to others when none comes free', async () => {
    const [busy, idle] = [await start('shared'), await start('shared')];
    idle.latch.open();
    const handles = await send(busy);
    await until('the other one has done the rest', () => idle.recorder.events.length >= ACCEPTED - SLOTS);
    expect(busy.recorder.events).toHaveLength(SLOTS);
    busy.latch.open();
    await expectAll(handles);
    expect(idle.recorder.events).toHaveLength(ACCEPTED - SLOTS);
  });

  it('is left to others when its process ends', async () => {
    const [ending, heir] = [await start('ended'), await start('ended')];
    heir.latch.open();
    const handles = await send(ending);
    const ids = handles.map(({ id }) => id);
    await ending.running.close();
    const results = await Promise.all(ids.map(id => heir.running.client.get<number>(id).result()));
    expect(results.sort((one, other) => one - other)).toEqual(
      Array.from({ length: ACCEPTED }, (_, value) => value),
    );
  });

  it('gets what is sent to it meanwhile', async () => {
    const member = await start('told');
    await send(member);
    await until('its slots are in use', () => member.recorder.events.length === SLOTS);
    const { client } = member.running;
    const told = await client.send(Held).told();
    await client.signal(told.id, 'news', 'of today');
    member.latch.open();
    expect(await told.result()).toBe('of today');
  });
});
