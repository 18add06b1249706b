import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import {
  AwakeableCompletedError,
  DurableClient,
  DurableContext,
  DurableService,
  Handler,
  ObjectState,
  TerminalError,
  VirtualObject,
  WaitTimeoutError,
} from 'nestjs-durable';
import { LedgerWriter } from './ledger.js';
import { type Act, CAUGHT, counterName, GIVEN_UP, lineName, type Routine } from './program.js';

type ActOf<K extends Act['do']> = Extract<Act, { readonly do: K }>;

const ATTEMPTS = { retry: { maxAttempts: 5, initialDelay: 20, jitter: false } };

/** Brings signals, and what awakeables wait for, from another invocation. */
@DurableService()
export class Couriers {
  constructor(
    private readonly durable: DurableContext,
    private readonly client: DurableClient,
  ) {}

  /** @param _program whose invocation it is */
  @Handler()
  async complete(_program: string, awakeable: string, value: number): Promise<void> {
    await this.durable.run('complete', async () => {
      try {
        await this.client.resolveAwakeable(awakeable, value);
      } catch (error) {
        // By this step, in a process that died before it could say so.
        if (!(error instanceof AwakeableCompletedError)) throw error;
      }
    });
  }

  /** @param _program whose invocation it is */
  @Handler()
  async signal(
    _program: string,
    id: string,
    name: string,
    value: number,
    idempotencyKey: string,
  ): Promise<void> {
    await this.durable.run('signal', () => this.client.signal(id, name, value, { idempotencyKey }));
  }
}

/** Follows routines of programs, in whatever handler. */
@Injectable()
export class Interpreter {
  constructor(
    private readonly durable: DurableContext,
    private readonly client: DurableClient,
    private readonly state: ObjectState<Record<string, number>>,
    private readonly ledger: LedgerWriter,
  ) {}

  async follow(program: string, { acts, failedAttempts = 0, fails }: Routine): Promise<number> {
    const total = await this.inTurn(program, acts);
    if (this.durable.attempt <= failedAttempts) throw new Error(`attempt ${this.durable.attempt} fails`);
    if (fails !== undefined) throw new TerminalError(fails);
    return total;
  }

  private async inTurn(program: string, acts: readonly Act[]): Promise<number> {
    let total = 0;
    for (const act of acts) total += await this.act(program, act);
    return total;
  }

  private async act(program: string, act: Act): Promise<number> {
    switch (act.do) {
      case 'add':
        await this.add(program, act.by);
        return act.by;
      case 'step':
        return this.step(act);
      case 'vain step':
        return this.vainStep();
      case 'sleep':
        return this.durable.sleep(act.ms).then(() => 0);
      case 'call':
        return this.call(program, act);
      case 'attach':
        return (await this.send(program, act.routine)).result();
      case 'send':
        return this.send(program, act.routine, act.delay).then(() => 0);
      case 'line':
        return this.line(program, act);
      case 'book':
        return this.book(program, act);
      case 'awakeable':
        return this.awakeable(program, act);
      case 'signals':
        return this.signals(program, act);
      case 'give up':
        return this.giveUp(act);
      default:
        return this.atOnce(program, act);
    }
  }

  private async add(program: string, by: number): Promise<void> {
    const name = counterName(program, this.durable.key);
    if (by % 2 === 0) await this.state.update(name, (total = 0) => total + by);
    else await this.state.set(name, (this.state.get(name) ?? 0) + by);
  }

  private step({ value, failedTries }: ActOf<'step'>): Promise<number> {
    const body = async (): Promise<number> => {
      if ((this.durable.step?.attempt ?? 0) <= failedTries) throw new Error('this try fails');
      await sleep(value % 8);
      return value;
    };
    return this.durable.run(`gives ${value}`, body, { retry: { maxAttempts: 10, initialDelay: 10 } });
  }

  private vainStep(): Promise<number> {
    const body = (): number => {
      throw new TerminalError('in vain');
    };
    return this.durable.run('in vain', body).catch(caught);
  }

  private call(program: string, { routine, catches }: ActOf<'call'>): Promise<number> {
    const { key } = routine;
    const result =
      key === undefined
        ? this.durable.call(Programs).follow(program, routine)
        : this.durable.call(ProgramObjects, { key }).follow(program, routine);
    return catches ? result.catch(caught) : result;
  }

  private send(program: string, routine: Routine, delay?: number) {
    const { key } = routine;
    const options = { ...(delay !== undefined && { delay }) };
    if (key === undefined) return this.durable.send(Programs, options).follow(program, routine);
    return this.durable.send(ProgramObjects, { ...options, key }).follow(program, routine);
  }

  private async line(program: string, { key, name, length }: ActOf<'line'>): Promise<number> {
    for (let number = 1; number <= length; number++)
      await this.durable.send(ProgramObjects, { key }).note(program, name, number);
    return 0;
  }

  /** Undone by the step's own key: however often the step is run, it is one invocation. */
  private async book(program: string, { key, by }: ActOf<'book'>): Promise<number> {
    this.durable.compensate(`takes back ${by}`, async () => {
      const idempotencyKey = this.durable.step?.idempotencyKey ?? '';
      await this.client.call(ProgramObjects, { key, idempotencyKey }).add(program, -by);
    });
    await this.durable.call(ProgramObjects, { key }).add(program, by);
    return 0;
  }

  private async awakeable(program: string, { value, by }: ActOf<'awakeable'>): Promise<number> {
    const { id, promise } = this.durable.awakeable<number>();
    if (by === 'handler') await this.durable.send(Couriers).complete(program, id, value);
    else await this.ask({ what: 'awakeable', name: id, token: `0 ${value}` });
    return promise;
  }

  private async signals(program: string, { name, values, by }: ActOf<'signals'>): Promise<number> {
    const { id } = this.durable.invocation;
    for (const [nth, value] of values.entries())
      if (by === 'handler') await this.durable.send(Couriers).signal(program, id, name, value, `${nth}`);
      else await this.ask({ what: 'signal', name, token: `${nth} ${value}` });
    let total = 0;
    for (const _ of values) total += await this.durable.signal<number>(name);
    return total;
  }

  /** Has the test bring something: the second number of the token. */
  private ask(line: {
    readonly what: 'awakeable' | 'signal';
    readonly name: string;
    readonly token: string;
  }): Promise<void> {
    const { id } = this.durable.invocation;
    return this.durable.run('ask', () => this.ledger.write({ ...line, phase: 'start', id }));
  }

  private async giveUp({ on, ms }: ActOf<'give up'>): Promise<number> {
    const timeout = { timeout: ms };
    if (on === 'race') {
      const late = this.durable.sleep(ms).then(() => GIVEN_UP);
      return Promise.race([this.durable.awakeable<number>().promise, late]);
    }
    const never =
      on === 'signal'
        ? this.durable.signal<number>('never', timeout)
        : this.durable.awakeable<number>(timeout).promise;
    return never.catch((error: unknown) => {
      if (error instanceof WaitTimeoutError) return GIVEN_UP;
      throw error;
    });
  }

  private async atOnce(program: string, act: ActOf<'all' | 'race' | 'any'>): Promise<number> {
    const branches = act.branches.map(acts => this.inTurn(program, acts));
    if (act.do === 'race') await Promise.race(branches);
    if (act.do === 'any') await Promise.any([Promise.reject(new Error('a branch that fails')), ...branches]);
    const totals = await Promise.all(branches);
    return totals.reduce((sum, total) => sum + total, 0);
  }
}

@DurableService()
export class Programs {
  constructor(private readonly interpreter: Interpreter) {}

  @Handler(ATTEMPTS)
  follow(program: string, routine: Routine): Promise<number> {
    return this.interpreter.follow(program, routine);
  }
}

/** Keeps counters and lines of numbers, for each program by itself. */
@VirtualObject()
export class ProgramObjects {
  constructor(
    private readonly durable: DurableContext,
    private readonly state: ObjectState<Record<string, number>>,
    private readonly interpreter: Interpreter,
  ) {}

  @Handler(ATTEMPTS)
  follow(program: string, routine: Routine): Promise<number> {
    return this.interpreter.follow(program, routine);
  }

  @Handler()
  async add(program: string, by: number): Promise<void> {
    await this.state.update(counterName(program, this.durable.key), (total = 0) => total + by);
  }

  /** 1, 2, 3 in this order are 123. */
  @Handler()
  async note(program: string, name: string, number: number): Promise<void> {
    await this.state.update(lineName(program, name), (before = 0) => before * 10 + number);
  }
}

/** The failure that the program itself has in this place, and no other. */
function caught(error: unknown): number {
  if (error instanceof TerminalError) return CAUGHT;
  throw error;
}
