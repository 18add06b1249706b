import { Logger, type LoggerService } from '@nestjs/common';
import { DurableContext, DurableLogger, DurableService, Handler, Step } from '../../lib/index.js';
import { BACKENDS, Stage, type Staged } from '../support/stage.js';
import { until } from '../support/until.js';

interface Sources {
  readonly now: number[];
  readonly random: number[];
  readonly uuid: string[];
}

const SEEN: Sources[] = [];
const LINES: string[] = [];
const NOTING: LoggerService = {
  log: (line: string) => void LINES.push(line),
  warn: () => undefined,
  error: () => undefined,
};

@DurableService()
class Reports {
  private readonly logger = new DurableLogger(Reports.name);
  constructor(private readonly durable: DurableContext) {}

  @Handler()
  async work(pages: number): Promise<string> {
    this.durable.set('pages', { done: 0, of: pages });
    for (let done = 1; done <= pages; done++) {
      await this.page(done);
      this.durable.set('pages', { done, of: pages });
    }
    this.durable.set('stage', 'waiting');
    await this.durable.signal('go on');
    this.durable.set('stage', undefined);
    return 'done';
  }

  /** Draws from all sources, before and after a wait, and is replayed after it. */
  @Handler()
  async sources(): Promise<Sources> {
    const draw = (): [number, number, string] => [
      this.durable.now().getTime(),
      this.durable.random(),
      this.durable.uuid(),
    ];
    const drawn = [draw(), draw()];
    SEEN.push(asSources(drawn));
    await this.durable.signal('go on');
    return asSources([...drawn, draw()]);
  }

  @Handler()
  async talks(): Promise<void> {
    this.logger.log(`started (${this.durable.isReplaying})`);
    await this.page(1);
    this.logger.log('page is there');
    await this.durable.signal('go on');
    this.logger.log('went on');
  }

  @Step()
  async page(number: number): Promise<number> {
    this.logger.log(`page ${number}`);
    return number;
  }
}

function asSources(drawn: readonly (readonly [number, number, string])[]): Sources {
  return {
    now: drawn.map(([now]) => now),
    random: drawn.map(([, random]) => random),
    uuid: drawn.map(([, , uuid]) => uuid),
  };
}

describe.each(BACKENDS)('what an invocation tells on %s', backend => {
  let stage: Stage;
  let one: Staged;
  const waits = (id: string) =>
    until('it waits for its signal', async () =>
      (await one.client.journal(id)).some(({ kind, outcome }) => kind === 'signal' && outcome === 'open'),
    );
  const restart = async (): Promise<void> => {
    await one.close();
    one = await stage.start({ providers: [Reports] });
    Logger.overrideLogger(NOTING);
  };
  beforeAll(async () => {
    stage = await Stage.open(backend);
    one = await stage.start({ providers: [Reports] });
    Logger.overrideLogger(NOTING);
  });
  beforeEach(() => {
    LINES.splice(0);
    SEEN.splice(0);
  });
  afterAll(async () => {
    Logger.overrideLogger(false);
    await stage.close();
  });

  it('is its progress: the last value of each name, while it runs, and after its end', async () => {
    const { id, result } = await one.client.send(Reports).work(3);
    await waits(id);
    expect(await one.client.query(id, 'pages')).toEqual({ done: 3, of: 3 });
    expect(await one.client.query(id.toUpperCase(), 'stage')).toBe('waiting');
    expect(await one.client.query(id, 'nothing')).toBeUndefined();
    await restart();
    expect(await one.client.query(id, 'stage')).toBe('waiting');
    await one.client.signal(id, 'go on');
    expect(await one.client.get(id).result({ timeout: '20s' })).toBe('done');
    expect(await one.client.query(id, 'stage')).toBeUndefined();
    expect(await one.client.query(id, 'pages')).toEqual({ done: 3, of: 3 });
    void result().catch(() => undefined);
  });

  it('is time, chance and ids that are the same on every replay', async () => {
    const { id } = await one.client.send(Reports).sources();
    await waits(id);
    await restart();
    await one.client.signal(id, 'go on');
    const { now, random, uuid } = (await one.client.get(id).result({ timeout: '20s' })) as Sources;
    expect(SEEN.length).toBeGreaterThan(1);
    for (const replayed of SEEN) expect(replayed).toEqual(SEEN[0]);
    expect([now.slice(0, 2), random.slice(0, 2), uuid.slice(0, 2)]).toEqual([
      SEEN[0]?.now,
      SEEN[0]?.random,
      SEEN[0]?.uuid,
    ]);
    expect(now.toSorted((a, b) => a - b)).toEqual(now);
    expect(random.every(one => one >= 0 && one < 1)).toBe(true);
    expect(
      uuid.every(one => /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(one)),
    ).toBe(true);
    expect([new Set(random).size, new Set(uuid).size]).toEqual([3, 3]);
  });

  it('is drawn apart by two invocations', async () => {
    const both = await Promise.all([1, 2].map(() => one.client.send(Reports).sources()));
    for (const { id } of both) await one.client.signal(id, 'go on');
    const [first, second] = await Promise.all(both.map(({ result }) => result({ timeout: '20s' })));
    expect(first?.uuid).not.toEqual(second?.uuid);
    expect(first?.random).not.toEqual(second?.random);
  });

  it('is logged once, however often it is replayed', async () => {
    const { id } = await one.client.send(Reports).talks();
    await waits(id);
    expect(LINES).toEqual(['started (false)', 'page 1', 'page is there']);
    await restart();
    LINES.splice(0);
    await one.client.signal(id, 'go on');
    await one.client.get(id).result({ timeout: '20s' });
    expect(LINES).toEqual(['went on']);
  });
});
