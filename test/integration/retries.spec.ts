import {
  DurableContext,
  DurableService,
  Handler,
  RetryableError,
  Step,
  TerminalError,
  TimeoutError,
} from '../../lib/index.js';
import { Applications, type Running } from '../support/applications.js';
import { until } from '../support/until.js';

class Flaky extends Error {}
class Fatal extends Error {
  readonly code = 'FATAL';
}

const FIXED = { backoff: 'fixed', jitter: false } as const;

/** When something was tried, by the clock of the process. */
const tries: { what: string; at: number; attempt: number; signal?: AbortSignal }[] = [];
const aborted: unknown[] = [];

@DurableService()
class Shop {
  readonly holds = new Map<string, () => void>();

  constructor(private readonly durable: DurableContext) {}

  @Handler({ retry: { ...FIXED, maxAttempts: 3, initialDelay: 60 } })
  async flaky(failures: number): Promise<number> {
    await this.durable.run('recorded', () => this.note('recorded'));
    const attempt = this.note('attempt', this.durable.attempt);
    if (attempt <= failures) throw new Flaky(`attempt ${attempt}`);
    return attempt;
  }

  @Handler({ retry: { maxAttempts: 5, initialDelay: '1h', maxDelay: '1h' } })
  async slow(): Promise<void> {
    this.note('slow');
    throw new Flaky('busy');
  }

  @Handler({ retry: { maxAttempts: 3, initialDelay: 0 } })
  async asks(): Promise<void> {
    if (this.note('asks', this.durable.attempt) < 2) throw new RetryableError('later', { retryAfter: 120 });
  }

  @Handler({ retry: { maxAttempts: 5, initialDelay: 0, nonRetryable: [TypeError, 'FATAL'] } })
  async chooses(kind: 'class' | 'code' | 'terminal' | 'other'): Promise<void> {
    this.note(`chooses ${kind}`);
    if (kind === 'class') throw new TypeError('wrong');
    if (kind === 'code') throw new Fatal('fatal');
    if (kind === 'terminal') throw new TerminalError('final');
    throw new Flaky('other');
  }

  @Handler({ retry: { maxAttempts: 5, initialDelay: 0, retryIf: error => !String(error).includes('stop') } })
  async asked(): Promise<void> {
    throw new Flaky(this.note('asked', this.durable.attempt) < 2 ? 'go on' : 'stop');
  }

  @Handler({ timeout: 60, retry: { maxAttempts: 2, initialDelay: 0 } })
  async tooSlow(): Promise<void> {
    const { abortSignal: signal } = this.durable;
    tries.push({ what: 'tooSlow', at: Date.now(), attempt: this.durable.attempt, signal });
    await this.durable.run('hang', () => this.hang());
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async slowStep(): Promise<void> {
    await this.durable.run('slow step', () => this.hang(), {
      timeout: 50,
      retry: { maxAttempts: 2, initialDelay: 0 },
    });
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async parks(): Promise<number> {
    return this.parking();
  }

  @Step({ name: 'parking', retry: { ...FIXED, maxAttempts: 3, initialDelay: '8s' } })
  protected async parking(): Promise<number> {
    const attempt = this.durable.step?.attempt ?? 0;
    this.note('parking', attempt);
    if (attempt < 3) throw new Flaky(`try ${attempt}`);
    return attempt;
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async beside(): Promise<string[]> {
    return Promise.all([
      this.parking().then(() => 'parked'),
      this.durable.run('held', () => new Promise<string>(done => this.holds.set('held', () => done('held')))),
    ]);
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async quick(): Promise<string> {
    return 'quick';
  }

  @Handler({ retry: { maxAttempts: 1 } })
  async stepAsks(): Promise<number> {
    return this.durable.run(
      'asks',
      () => {
        const attempt = this.durable.step?.attempt ?? 0;
        this.note('step asks', attempt);
        if (attempt < 2) throw new RetryableError('later', { retryAfter: '120ms' });
        return attempt;
      },
      { retry: { maxAttempts: 2, initialDelay: 0 } },
    );
  }

  private note(what: string, attempt = 0): number {
    tries.push({ what, at: Date.now(), attempt });
    return attempt;
  }

  /** Ends when its signal says so. */
  private hang(): Promise<never> {
    const { abortSignal: signal } = this.durable;
    return new Promise((_, reject) =>
      signal.addEventListener('abort', () => {
        aborted.push(signal.reason);
        reject(signal.reason as Error);
      }),
    );
  }
}

function triesOf(what: string): typeof tries {
  return tries.filter(one => one.what === what);
}

let applications: Applications;
let running: Running;
beforeAll(async () => {
  applications = await Applications.open();
  running = await applications.start({ providers: [Shop], durable: { worker: { concurrency: 2 } } });
});
beforeEach(() => {
  tries.length = 0;
  aborted.length = 0;
});
afterAll(() => applications.close());

/** Makes what waits due now, as if its time had come. */
async function skipWait(id: string): Promise<void> {
  const { schema } = running;
  await applications.query(
    `UPDATE ${schema}.entry SET due_at = now() WHERE invocation_id = $1 AND due_at IS NOT NULL`,
    [id],
  );
  await applications.query(`UPDATE ${schema}.invocation SET due_at = now() WHERE id = $1`, [id]);
}

describe('a handler that fails', () => {
  it('is attempted again after its delay, with what was recorded kept, and its attempts counted', async () => {
    const { result, status } = await running.client.send(Shop).flaky(2);
    expect(await result()).toBe(3);
    expect(await status()).toMatchObject({ status: 'completed', failedAttempts: 2 });
    const attempts = triesOf('attempt');
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(triesOf('recorded')).toHaveLength(1);
    for (const n of [1, 2]) {
      expect(Number(attempts[n]?.at) - Number(attempts[n - 1]?.at)).toBeGreaterThanOrEqual(59);
    }
  });

  it('is failed after the last attempt, with its cause', async () => {
    const { result, status } = await running.client.send(Shop).flaky(9);
    await expect(result()).rejects.toThrow('attempt 3');
    expect(await status()).toMatchObject({ status: 'failed', failedAttempts: 3, dueAt: null, worker: null });
    expect((await status()).error).toMatchObject({ message: 'attempt 3' });
    expect(triesOf('attempt')).toHaveLength(3);
  });

  it('is backing off until then: its due time and its last error are visible, and it holds no slot', async () => {
    const handles = await Promise.all([1, 2, 3, 4].map(() => running.client.send(Shop).slow()));
    for (const { status } of handles) {
      await until('it backs off', async () => (await status()).status === 'backing_off');
      const { failedAttempts, dueAt, error, worker } = await status();
      expect({ failedAttempts, worker }).toEqual({ failedAttempts: 1, worker: null });
      expect(error).toMatchObject({ message: 'busy' });
      expect(Number(dueAt)).toBeGreaterThan(Date.now() + 29 * 60_000);
    }
    expect(await running.client.call(Shop).quick()).toBe('quick');
    expect(triesOf('slow')).toHaveLength(4);
  });

  it('is attempted not before an error asks for it', async () => {
    await running.client.call(Shop).asks();
    const [one, two] = triesOf('asks');
    expect(Number(two?.at) - Number(one?.at)).toBeGreaterThanOrEqual(119);
  });

  it.each([
    ['class', 1],
    ['code', 1],
    ['terminal', 1],
    ['other', 5],
  ] as const)('is attempted again only if its error allows it: by %s %i times', async (kind, times) => {
    const { result, status } = await running.client.send(Shop).chooses(kind);
    await expect(result()).rejects.toThrow();
    expect(triesOf(`chooses ${kind}`)).toHaveLength(times);
    expect(await status()).toMatchObject({ status: 'failed', failedAttempts: times });
  });

  it('is attempted again as long as retryIf says so', async () => {
    await expect(running.client.call(Shop).asked()).rejects.toThrow('stop');
    expect(triesOf('asked')).toHaveLength(2);
  });

  it('is told by its signal when its time is over, and its steps are too', async () => {
    const { result, status } = await running.client.send(Shop).tooSlow();
    const error: unknown = await result().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ what: 'handler Shop.tooSlow', timeoutMs: 60 });
    expect(await status()).toMatchObject({ status: 'failed', failedAttempts: 2 });
    const attempts = triesOf('tooSlow');
    expect(attempts.map(({ signal }) => signal?.aborted)).toEqual([true, true]);
    expect(aborted).toHaveLength(2);
  });
});

describe('a step that fails', () => {
  it('is told by its signal when its time is over, and tried again', async () => {
    const { id, result } = await running.client.send(Shop).slowStep();
    await expect(result()).rejects.toMatchObject({
      code: 'DURABLE_TIMEOUT',
      what: 'step slow step',
      timeoutMs: 50,
    });
    expect(aborted).toEqual([expect.any(TimeoutError), expect.any(TimeoutError)]);
    expect(await running.client.journal(id)).toMatchObject([{ outcome: 'error', failedTries: 2 }]);
  });

  it('is tried not before its error asks for it', async () => {
    expect(await running.client.call(Shop).stepAsks()).toBe(2);
    const [one, two] = triesOf('step asks');
    expect(Number(two?.at) - Number(one?.at)).toBeGreaterThanOrEqual(119);
  });

  it('lets go of its slot while it waits for long, and its tries are counted from attempt to attempt', async () => {
    const handles = await Promise.all([1, 2, 3].map(() => running.client.send(Shop).parks()));
    for (const { id, status } of handles) {
      await until('it backs off', async () => (await status()).status === 'backing_off');
      expect(await status()).toMatchObject({ failedAttempts: 0, worker: null });
      expect(await running.client.journal(id)).toMatchObject([
        { outcome: 'open', failedTries: 1, error: { message: 'try 1' } },
      ]);
    }
    // Three wait, two slots are there, and both are free.
    expect(await Promise.all([1, 2].map(() => running.client.call(Shop).quick()))).toEqual([
      'quick',
      'quick',
    ]);
    const [first] = handles;
    for (const failed of [2, 3]) {
      await until('it backs off', async () => (await first!.status()).status === 'backing_off');
      await skipWait(first!.id);
      await until('the next try was made', () =>
        triesOf('parking').some(({ attempt }) => attempt === failed),
      );
    }
    expect(await first!.result()).toBe(3);
    expect(await first!.status()).toMatchObject({ failedAttempts: 0, deaths: 0 });
    const [entry] = await running.client.journal(first!.id);
    expect(entry).toMatchObject({ outcome: 'ok', value: 3, failedTries: 2 });
  });

  it('keeps its slot while another step of its invocation runs', async () => {
    const { status } = await running.client.send(Shop).beside();
    const { holds } = running.app.get(Shop);
    await until('both run', () => holds.has('held') && triesOf('parking').length > 0);
    await running.client.call(Shop).quick();
    expect((await status()).status).toBe('running');
    holds.get('held')?.();
    await until('it backs off', async () => (await status()).status === 'backing_off');
  });
});
