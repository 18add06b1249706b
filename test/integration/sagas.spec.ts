import {
  CancelledError,
  CompensationFailedError,
  DurableContext,
  DurableService,
  Handler,
  Step,
  TerminalError,
} from '../../lib/index.js';
import { Latch } from '../support/latch.js';
import { Recorder } from '../support/recorder.js';
import { BACKENDS, Stage, type Staged } from '../support/stage.js';
import { until } from '../support/until.js';

const QUICK = { maxAttempts: 2, initialDelay: 5 };

/** Whether the compensation of a payment fails. */
let isBroken = false;
let gate = new Latch();
let undoing = new Latch();

@DurableService()
class Trips {
  constructor(
    private readonly durable: DurableContext,
    private readonly recorder: Recorder,
  ) {}

  @Step({ compensate: 'cancelHotel' })
  async hotel(city: string, nights = 1): Promise<{ room: number }> {
    this.recorder.note(`hotel ${city} ${nights}`);
    return { room: 7 };
  }

  async cancelHotel(city: string, nights: number | undefined, booked: { room: number }): Promise<void> {
    this.recorder.note(`no hotel ${city} ${nights} ${booked.room}`);
  }

  @Step({ compensate: { method: 'refund', retry: QUICK } })
  async pay(amount: number): Promise<string> {
    this.recorder.note(`paid ${amount}`);
    return `payment of ${amount}`;
  }

  async refund(amount: number, payment: string): Promise<void> {
    this.recorder.note(`refund ${amount} ${payment} ${this.durable.step?.attempt}`);
    if (isBroken) throw new Error('the bank is closed');
  }

  @Step({ compensate: 'unsend', retry: { maxAttempts: 1 } })
  async send(): Promise<void> {
    this.recorder.note('sends');
    await gate.wait();
  }

  async unsend(result: unknown): Promise<void> {
    this.recorder.note(`unsent ${String(result)}`);
    await undoing.wait();
  }

  @Handler({ retry: QUICK })
  async book(end: 'fails' | 'waits' | 'completes'): Promise<string> {
    await this.hotel('Rome');
    this.durable.compensate('log', () => this.recorder.note('logged'));
    await this.pay(5);
    if (end === 'fails') await this.durable.run('fail', () => fail());
    if (end === 'waits') await this.durable.signal('go');
    return 'done';
  }

  /** Fails by itself, in every attempt. */
  @Handler({ retry: QUICK })
  async failing(): Promise<void> {
    await this.pay(1);
    throw new Error('always');
  }

  @Handler()
  async sending(): Promise<void> {
    await this.hotel('Oslo');
    await this.send();
  }

  @Handler()
  async beside(): Promise<void> {
    await Promise.all([this.send(), this.durable.run('fail', () => fail())]);
  }

  @Handler()
  async parent(): Promise<void> {
    await this.pay(9);
    await this.durable.call(Trips).book('fails');
  }

  @Handler()
  async inside(): Promise<void> {
    await this.durable.run('step', () => this.durable.compensate('x', () => undefined));
  }
}

function fail(): never {
  throw new TerminalError('no seat');
}

describe.each(BACKENDS)('sagas on %s', backend => {
  let stage: Stage;
  let one: Staged;
  const recorded = (): string[] => one.app.get(Recorder).take();
  const seen = (what: string) => until(what, () => one.app.get(Recorder).count(what) > 0);
  const failure = (id: string): Promise<unknown> =>
    one.client
      .get(id)
      .result({ timeout: '20s' })
      .catch((error: unknown) => error);
  const statusOf = async (id: string): Promise<string> => (await one.client.get(id).status()).status;
  const paused = (id: string) => until('it is paused', async () => (await statusOf(id)) === 'paused');

  beforeAll(async () => {
    stage = await Stage.open(backend);
    one = await stage.start({ providers: [Trips, Recorder] });
  });
  beforeEach(() => {
    isBroken = false;
    gate = new Latch();
    undoing = new Latch();
    undoing.open();
    recorded();
  });
  afterAll(() => stage.close());

  it('undoes in reverse what was done, and ends with the error', async () => {
    const { id } = await one.client.send(Trips).book('fails');
    expect(await failure(id)).toMatchObject({ message: 'no seat' });
    expect(recorded()).toEqual([
      'hotel Rome 1',
      'paid 5',
      'refund 5 payment of 5 1',
      'logged',
      'no hotel Rome undefined 7',
    ]);
    expect(await statusOf(id)).toBe('failed');
    const kinds = (await one.client.journal(id)).map(({ kind, name }) => `${kind} ${name}`);
    expect(kinds).toEqual([
      'saga ',
      'step Trips.hotel',
      'step Trips.pay',
      'step fail',
      'compensation Trips.pay',
      'compensation log',
      'compensation Trips.hotel',
    ]);
    await expect(one.client.retry(id)).rejects.toMatchObject({ code: 'DURABLE_COMPENSATED' });
  });

  it('undoes nothing when the invocation completes, nor for an attempt that is tried again', async () => {
    expect(await one.client.call(Trips).book('completes')).toBe('done');
    expect(recorded()).toEqual(['hotel Rome 1', 'paid 5']);
    const { id } = await one.client.send(Trips).failing();
    expect(await failure(id)).toMatchObject({ message: 'always' });
    expect(recorded()).toEqual(['paid 1', 'refund 1 payment of 1 1']);
  });

  it('undoes what a cancelled invocation did', async () => {
    const { id } = await one.client.send(Trips).book('waits');
    await until('it waits', async () => (await one.client.journal(id)).some(({ kind }) => kind === 'signal'));
    recorded();
    await one.client.cancel(id);
    expect(await failure(id)).toBeInstanceOf(CancelledError);
    expect(await statusOf(id)).toBe('cancelled');
    expect(recorded()).toEqual(['refund 5 payment of 5 1', 'logged', 'no hotel Rome undefined 7']);
  });

  it('undoes a step that was interrupted: it may have happened', async () => {
    const { id } = await one.client.send(Trips).sending();
    await seen('sends');
    await one.client.cancel(id);
    expect(await failure(id)).toBeInstanceOf(CancelledError);
    expect(recorded()).toEqual(['hotel Oslo 1', 'sends', 'unsent undefined', 'no hotel Oslo undefined 7']);
  });

  it('undoes a step that was on its way when the handler ended', async () => {
    const { id } = await one.client.send(Trips).beside();
    expect(await failure(id)).toMatchObject({ message: 'no seat' });
    expect(recorded()).toEqual(['sends', 'unsent undefined']);
  });

  it('is shielded from a cancellation while it undoes', async () => {
    undoing = new Latch();
    const { id } = await one.client.send(Trips).beside();
    await seen('unsent undefined');
    await one.client.cancel(id);
    undoing.open();
    expect(await failure(id)).toMatchObject({ message: 'no seat' });
    expect(await statusOf(id)).toBe('failed');
    expect(recorded()).toEqual(['sends', 'unsent undefined']);
  });

  it('pauses at a compensation that is out of tries; resumed, it tries again', async () => {
    isBroken = true;
    const { id } = await one.client.send(Trips).book('fails');
    await paused(id);
    const { error } = await one.client.get(id).status();
    expect(error).toBeInstanceOf(CompensationFailedError);
    expect(error).toMatchObject({ compensation: 'Trips.pay', cause: { message: 'the bank is closed' } });
    recorded();
    await one.client.resume(id);
    await until('two tries more', () => one.app.get(Recorder).count('refund 5 payment of 5 2') === 1);
    await paused(id);
    await one.client.cancel(id);
    expect(await statusOf(id)).toBe('paused');
    isBroken = false;
    recorded();
    await one.client.resume(id);
    expect(await failure(id)).toMatchObject({ message: 'no seat' });
    expect(recorded()).toEqual(['refund 5 payment of 5 1', 'logged', 'no hotel Rome undefined 7']);
  });

  it('goes on with the next one when an operator skips it', async () => {
    isBroken = true;
    const { id } = await one.client.send(Trips).book('fails');
    await expect(one.client.skipCompensation('x')).rejects.toMatchObject({
      code: 'DURABLE_INVOCATION_NOT_FOUND',
    });
    await paused(id);
    recorded();
    await one.client.skipCompensation(id);
    expect(await failure(id)).toMatchObject({ message: 'no seat' });
    expect(recorded()).toEqual(['logged', 'no hotel Rome undefined 7']);
    await expect(one.client.skipCompensation(id)).rejects.toMatchObject({ code: 'DURABLE_INVOCATION_OVER' });
  });

  it('leaves the rest undone when it is killed', async () => {
    isBroken = true;
    const { id } = await one.client.send(Trips).book('fails');
    await paused(id);
    recorded();
    await one.client.kill(id);
    expect(await failure(id)).toMatchObject({ code: 'DURABLE_KILLED' });
    expect(recorded()).toEqual([]);
  });

  it('skips nothing of what is paused by hand', async () => {
    const { id } = await one.client.send(Trips).book('waits');
    await seen('paid 5');
    await one.client.pause(id);
    await expect(one.client.skipCompensation(id)).rejects.toMatchObject({ code: 'DURABLE_NOTHING_TO_SKIP' });
    await one.client.cancel(id);
    expect(await statusOf(id)).toBe('paused');
    await one.client.resume(id);
    expect(await failure(id)).toBeInstanceOf(CancelledError);
  });

  it('undoes of a child what the child did, before its caller does', async () => {
    const { id } = await one.client.send(Trips).parent();
    expect(await failure(id)).toMatchObject({ message: 'no seat' });
    expect(recorded().filter(note => /refund|logged|no/.test(note))).toEqual([
      'refund 5 payment of 5 1',
      'logged',
      'no hotel Rome undefined 7',
      'refund 9 payment of 9 1',
    ]);
  });

  it('does not register within a step', async () => {
    const { id } = await one.client.send(Trips).inside();
    expect(await failure(id)).toMatchObject({ code: 'DURABLE_INSIDE_STEP' });
  });
});
