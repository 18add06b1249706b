import { setTimeout as sleep } from 'node:timers/promises';
import {
  CancelledError,
  DeadlineExceededError,
  DurableContext,
  DurableService,
  Handler,
  VirtualObject,
} from '../../lib/index.js';
import { Recorder } from '../support/recorder.js';
import { BACKENDS, Stage, type Staged } from '../support/stage.js';
import { until } from '../support/until.js';

const SOON = 150;
/** Time enough for something to come first, on a busy machine. */
const LATER = 1_500;

@DurableService()
class Trips {
  constructor(
    private readonly durable: DurableContext,
    private readonly recorder: Recorder,
  ) {}

  @Handler()
  async book(): Promise<string> {
    await this.durable.run('book', () => this.recorder.note('booked'));
    try {
      return await this.durable.signal<string>('go');
    } catch (error) {
      await this.durable.run('undo', () => this.recorder.note(`undone: ${(error as Error).name}`));
      throw error;
    }
  }

  @Handler()
  async long(): Promise<string> {
    return this.durable.run('long', async () => {
      this.recorder.note('began');
      await new Promise(resolve => this.durable.abortSignal.addEventListener('abort', resolve));
      this.recorder.note('aborted');
      throw new Error('aborted');
    });
  }

  @Handler({ retry: { maxAttempts: 5, initialDelay: '60s' } })
  async fails(): Promise<string> {
    throw new Error('each time');
  }

  @Handler()
  async goesOn(): Promise<string> {
    const first = await this.durable.signal<string>('go').catch((error: unknown) => (error as Error).name);
    await this.durable.sleep(20);
    return `${first} and went on`;
  }

  @Handler()
  async undoes(): Promise<string> {
    this.durable.compensate('unbook', () => this.recorder.note('unbooked'));
    return this.durable.signal<string>('go');
  }

  @Handler()
  async parent(): Promise<string> {
    return this.durable.call(Trips).book();
  }

  @Handler()
  async hurries(): Promise<string> {
    const reason = (error: unknown): string => (error as Error).name;
    return this.durable.call(Trips, { deadline: SOON }).book().catch(reason);
  }
}

@VirtualObject()
class Desk {
  constructor(private readonly durable: DurableContext) {}

  @Handler()
  async sit(): Promise<string> {
    return this.durable.signal<string>('go');
  }
}

describe.each(BACKENDS)('a deadline on %s', backend => {
  let stage: Stage;
  let one: Staged;
  const recorded = (): string[] => one.app.get(Recorder).take();
  const outcome = (id: string): Promise<unknown> =>
    one.client
      .get(id)
      .result({ timeout: '20s' })
      .catch((error: unknown) => error);
  const statusOf = async (id: string): Promise<string> => (await one.client.get(id).status()).status;

  beforeAll(async () => {
    stage = await Stage.open(backend);
    one = await stage.start({ providers: [Trips, Desk, Recorder] });
  });
  beforeEach(() => void recorded());
  afterAll(() => stage.close());

  it('rejects what the handler waits for, which may make good what it did, and fails the invocation', async () => {
    const begin = Date.now();
    const { id } = await one.client.send(Trips, { deadline: LATER }).book();
    expect(await outcome(id)).toMatchObject({ code: 'DURABLE_DEADLINE_EXCEEDED', invocationId: id });
    expect(Date.now() - begin).toBeGreaterThanOrEqual(LATER);
    expect(recorded()).toEqual(['booked', 'undone: DeadlineExceededError']);
    expect(await statusOf(id)).toBe('failed');
  });

  it('may be a date, and leaves it to the handler to go on', async () => {
    const { id } = await one.client.send(Trips, { deadline: new Date(Date.now() + SOON) }).goesOn();
    expect(await outcome(id)).toBe('DeadlineExceededError and went on');
  });

  it('aborts a running step, ends what backs off, and cancels the calls that are waited for', async () => {
    const sends = one.client.send(Trips, { deadline: LATER });
    const [long, fails, parent] = await Promise.all([sends.long(), sends.fails(), sends.parent()]);
    for (const { id } of [long, fails, parent])
      expect(await outcome(id)).toBeInstanceOf(DeadlineExceededError);
    const [child] = (await one.client.list({ parent: parent.id })).items;
    expect(await outcome(child!.id)).toBeInstanceOf(CancelledError);
    expect(recorded().sort()).toEqual(['aborted', 'began', 'booked', 'undone: CancelledError']);
  });

  it('ends without its handler what has not begun, what queues and what is paused', async () => {
    const delayed = await one.client.send(Trips, { delay: '1h', deadline: SOON }).book();
    const holder = await one.client.send(Desk, { key: 'd' }).sit();
    const queued = await one.client.send(Desk, { key: 'd', deadline: SOON }).sit();
    const paused = await one.client.send(Trips, { deadline: LATER }).book();
    await until('it waits', async () => (await one.client.journal(paused.id)).length === 2);
    await one.client.pause(paused.id);
    for (const { id } of [delayed, queued, paused]) {
      expect(await outcome(id)).toBeInstanceOf(DeadlineExceededError);
      expect(await statusOf(id)).toBe('failed');
    }
    await one.client.signal(holder.id, 'go', 'sat');
    expect(await outcome(holder.id)).toBe('sat');
    expect(recorded()).toEqual(['booked']);
  });

  it('undoes what was done', async () => {
    const { id } = await one.client.send(Trips, { deadline: LATER }).undoes();
    expect(await outcome(id)).toBeInstanceOf(DeadlineExceededError);
    expect(recorded()).toEqual(['unbooked']);
    expect(await statusOf(id)).toBe('failed');
  });

  it('of a call of a handler ends the call only', async () => {
    expect(await one.client.call(Trips, { timeout: '20s' }).hurries()).toBe('DeadlineExceededError');
  });

  it('is nothing to what is over before', async () => {
    const { id } = await one.client.send(Trips, { deadline: LATER }).goesOn();
    await one.client.signal(id, 'go', 'in time');
    expect(await outcome(id)).toBe('in time and went on');
    await until('it is forgotten', async () => (await one.backend.store.overdue(100)).nextMs === undefined);
    await sleep(10);
    expect(await outcome(id)).toBe('in time and went on');
  });

  it('that is no time is refused', async () => {
    const refused = { code: expect.stringMatching(/^DURABLE_INVALID_(DURATION|OPTION)$/) as string };
    for (const deadline of ['soon', -1, NaN, new Date(NaN), null] as never[])
      await expect(one.client.send(Trips, { deadline }).book()).rejects.toMatchObject(refused);
  });
});
