import { Injectable } from '@nestjs/common';
import { jest } from '@jest/globals';
import {
  DurableContext,
  type DurableModuleOptions,
  DurableService,
  Handler,
  JournalTooLongError,
} from '../../lib/index.js';
import { Trial } from '../faults/support/trial.js';
import { form } from '../support/form.js';
import { Recorder } from '../support/recorder.js';
import { BACKENDS, Stage, type Staged } from '../support/stage.js';
import { until } from '../support/until.js';

jest.setTimeout(300_000);

const STEPS = form(10_000, 1_000);
/** Steps whose times are taken together. */
const WINDOW = 100;
const MEGABYTES = form(50, 10);

/** How long each window of steps took, in milliseconds. */
@Injectable()
class Windows {
  readonly ms: number[] = [];
}

@DurableService()
class Historian {
  constructor(
    private readonly durable: DurableContext,
    private readonly recorder: Recorder,
    private readonly windows: Windows,
  ) {}

  @Handler()
  async write(steps: number): Promise<number> {
    let sum = 0;
    let began = performance.now();
    for (let index = 0; index < steps; index++) {
      sum += await this.durable.run('count', () => index);
      if (index % WINDOW < WINDOW - 1) continue;
      this.windows.ms.push(performance.now() - began);
      began = performance.now();
    }
    this.recorder.note('written');
    await this.durable.signal('read');
    return sum;
  }

  @Handler()
  async collect(pages: number): Promise<number> {
    let length = 0;
    for (let page = 0; page < pages; page++) {
      length += (await this.durable.run('page', () => 'x'.repeat(1_000_000))).length;
    }
    this.recorder.note('collected');
    await this.durable.signal('read');
    return length;
  }

  /** Never stops by itself, and catches all that it can. */
  @Handler()
  async wander(): Promise<void> {
    this.durable.compensate('go home', () => this.recorder.note('at home'));
    for (;;) await this.durable.run('wander', () => this.recorder.note('a step')).catch(() => undefined);
  }
}

describe.each(BACKENDS)('S26 long histories on %s', backend => {
  let stage: Stage;
  beforeAll(async () => void (stage = await Stage.open(backend)));
  afterAll(() => stage.close());

  const start = (durable: DurableModuleOptions = {}): Promise<Staged> =>
    stage.start({ providers: [Historian, Recorder, Windows], durable });

  /** Runs a handler until it waits, has another application go on with it, and gives the milliseconds that this took. */
  async function resume(
    handler: 'write' | 'collect',
    count: number,
    noted: string,
  ): Promise<[number, Staged]> {
    const first = await start();
    const { id } = await first.client.send(Historian)[handler](count);
    await until(`it has ${noted}`, () => first.app.get(Recorder).count(noted) > 0, 120_000);
    await first.close();
    const second = await start();
    const began = performance.now();
    await second.client.signal(id, 'read');
    expect(await second.client.get(id).result()).toBe(
      handler === 'write' ? (count * (count - 1)) / 2 : count * 1_000_000,
    );
    await second.close();
    return [performance.now() - began, first];
  }

  it('cost a step what the first ones cost, and are resumed', async () => {
    const trial = new Trial('S26', `${STEPS} steps on ${backend}`);
    const [resumeMs, writer] = await resume('write', STEPS, 'written');
    const { ms } = writer.app.get(Windows);
    const tenth = Math.max(1, Math.floor(ms.length / 10));
    // Each at its quickest: what else the machine did meanwhile is left out.
    const [first, last] = [Math.min(...ms.slice(0, tenth)), Math.min(...ms.slice(-tenth))];
    trial.measure('microseconds a step, the first tenth', (1_000 * first) / WINDOW);
    trial.measure('microseconds a step, the last tenth', (1_000 * last) / WINDOW);
    trial.measure('resume ms', resumeMs);
    trial.report();
    expect(last).toBeLessThan(3 * first);
    expect(resumeMs).toBeLessThan(5_000);
  });

  it('may be as large as many results of a megabyte', async () => {
    const [resumeMs] = await resume('collect', MEGABYTES, 'collected');
    expect(resumeMs).toBeLessThan(5_000);
  });

  it('end at their limit: with an error that names the way out, and with what is to be undone undone', async () => {
    const { client, app, close } = await start({ limits: { journal: 50 } });
    const recorder = app.get(Recorder);
    const { result, status } = await client.send(Historian).wander();
    const error = await result().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(JournalTooLongError);
    expect((error as Error).message).toMatch(/limits\.journal/);
    expect((await status()).status).toBe('failed');
    expect(recorder.count('a step')).toBe(50);
    expect(recorder.count('at home')).toBe(1);
    await close();
  });
});
