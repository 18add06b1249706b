import { DurableContext, DurableService, Handler, Step } from '../../lib/index.js';
import { Recorder } from '../support/recorder.js';
import { BACKENDS, Stage, type Staged } from '../support/stage.js';
import { until } from '../support/until.js';

@DurableService()
class Timers {
  constructor(
    private readonly durable: DurableContext,
    private readonly recorder: Recorder,
  ) {}

  @Handler()
  async nap(ms: number): Promise<number> {
    const start = await this.clock();
    await this.durable.sleep(ms);
    return (await this.clock()) - start;
  }

  @Handler()
  async wakeAt(date: Date): Promise<Date> {
    await this.durable.sleepUntil(date);
    return new Date(await this.clock());
  }

  @Handler()
  async around(ms: number): Promise<string> {
    await this.note('before');
    await this.durable.sleep(ms);
    await this.note('after');
    return 'slept';
  }

  @Handler()
  async race(ms: number): Promise<string> {
    const long = this.durable.sleep('30d').then(() => 'long');
    const short = this.durable.sleep(ms).then(() => 'short');
    return Promise.race([long, short]);
  }

  @Handler()
  async many(count: number): Promise<number[]> {
    const order: number[] = [];
    const naps = Array.from({ length: count }, async (_, index) => {
      await this.durable.sleep((count - index) * 20);
      order.push(index);
    });
    await Promise.all(naps);
    return order;
  }

  @Step()
  async clock(): Promise<number> {
    return Date.now();
  }

  @Step()
  async note(event: string): Promise<void> {
    this.recorder.note(event);
  }
}

const PROVIDERS = [Timers, Recorder];
/** Clocks of one machine that are read in two places. */
const SLACK_MS = 2;

describe.each(BACKENDS)('durable timers on %s', backend => {
  let stage: Stage;
  let one: Staged;
  beforeAll(async () => {
    stage = await Stage.open(backend);
    one = await stage.start({ providers: PROVIDERS });
  });
  afterAll(() => stage.close());

  it.each([0, 1, 40, 300, 1_200])('sleep for %i ms, and never less', async ms => {
    const slept = await one.client.call(Timers, { timeout: '20s' }).nap(ms);
    expect(slept).toBeGreaterThanOrEqual(ms - SLACK_MS);
    expect(slept).toBeLessThan(ms + 3_000);
  });

  it('sleep until a date, and not at all until one that is past', async () => {
    const soon = new Date(Date.now() + 300);
    const woken = await one.client.call(Timers, { timeout: '20s' }).wakeAt(soon);
    expect(woken.getTime()).toBeGreaterThanOrEqual(soon.getTime() - SLACK_MS);
    for (const past of [new Date(0), new Date(-8.64e15), new Date(Date.now() - 1)]) {
      await one.client.call(Timers, { timeout: '20s' }).wakeAt(past);
    }
  });

  it('are told apart, whichever is over first', async () => {
    expect(await one.client.call(Timers, { timeout: '20s' }).race(30)).toBe('short');
    expect(await one.client.call(Timers, { timeout: '20s' }).many(5)).toEqual([4, 3, 2, 1, 0]);
  });

  it('may be longer than a timer of the process can be', async () => {
    const handle = await one.client.send(Timers).around(25 * 86_400_000);
    await until('it sleeps', async () =>
      (await one.client.journal(handle.id)).some(
        ({ kind, outcome }) => kind === 'sleep' && outcome === 'open',
      ),
    );
    await new Promise(resolve => setTimeout(resolve, 200));
    expect((await handle.status()).finishedAt).toBeNull();
    expect(one.app.get(Recorder).take()).toEqual(['before']);
  });

  it('go on in another process, and what was before them is not repeated', async () => {
    const handle = await one.client.send(Timers).around(1_000);
    await until('it sleeps', async () => (await one.client.journal(handle.id)).length === 2);
    await one.close();
    one = await stage.start({ providers: PROVIDERS });
    expect(await one.client.get(handle.id).result({ timeout: '20s' })).toBe('slept');
    expect(one.app.get(Recorder).take()).toEqual(['after']);
  });
});
