import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Backend } from '../runtime/backend.js';
import type { Activity } from './activity.js';
import { NotIdleError } from './errors.js';
import type { TestSteps } from './test-steps.js';
import type { VirtualClock } from './virtual-clock.js';

/** Turns of the event loop without a call of the store, after which nothing is on its way to one. */
const QUIET_TURNS = 4;
/** Turns after which it is worth while to leave the processor to what is waited for. */
const QUICK_TURNS = 50;
const PAUSE_MS = 2;

export interface IdlenessParts {
  readonly backend: () => Backend;
  readonly services: () => readonly string[];
  readonly activity: Activity;
  readonly steps: TestSteps;
  readonly clock: VirtualClock;
  readonly limitMs: number;
}

/** Knows whether an application does anything that it could do without time passing. */
export class Idleness {
  constructor(private readonly parts: IdlenessParts) {}

  /**
   * Resolves when nothing is running or due.
   * @param whileStepsRun whether running bodies of steps are nothing
   * @throws NotIdleError
   */
  async reached(whileStepsRun = false): Promise<void> {
    const { activity, clock } = this.parts;
    const patience = this.patience();
    let blocked = '';
    for (let turn = 0; ; turn++) {
      if (await this.isQuiet(whileStepsRun)) {
        const due = await this.due();
        // What was looked at and did not go on waits for something else: a slot for the one before it.
        if (due.length === 0 || (due.every(one => one.startsWith('schedule')) && due.join() === blocked))
          return;
        blocked = due.join();
        clock.look();
      }
      if (patience.isOver()) throw new NotIdleError(this.parts.limitMs, await this.running(whileStepsRun));
      await (activity.isUnderWay || turn < QUICK_TURNS ? setImmediate() : setTimeout(PAUSE_MS));
    }
  }

  /** Ends `limitMs` after the last commit. */
  patience(): { isOver(): boolean } {
    const { activity, limitMs } = this.parts;
    let seen = -1;
    let since = 0;
    return {
      isOver: () => {
        if (activity.progress !== seen) [seen, since] = [activity.progress, performance.now()];
        return performance.now() - since > limitMs;
      },
    };
  }

  /** Invocations that are not over, for people. */
  async unfinished(): Promise<string[]> {
    const records = await this.parts.backend().store.list({ limit: 100 });
    return records
      .filter(({ finishedAt }) => finishedAt === null)
      .map(
        ({ id, service, handler, status, error }) =>
          `${service}.${handler} (${id}): ${status}${error === null ? '' : ` ${this.errorOf(error)}`}`,
      );
  }

  private errorOf(encoded: string): string {
    const { name, message } = this.parts.backend().errors.decode(encoded);
    return `${name}: ${message}`;
  }

  private async isQuiet(whileStepsRun: boolean): Promise<boolean> {
    const { activity } = this.parts;
    const { calls } = activity;
    for (let turn = 0; turn < QUIET_TURNS; turn++) {
      if (activity.isUnderWay || activity.calls !== calls || this.busy(whileStepsRun).length > 0)
        return false;
      await setImmediate();
    }
    return true;
  }

  private busy(whileStepsRun: boolean): readonly string[] {
    const { steps } = this.parts;
    const backend = this.parts.backend();
    const { busy } = backend.local.worker;
    return whileStepsRun ? busy.filter(id => !steps.isRunningIn(id)) : busy;
  }

  /** What could go on now. */
  private async due(): Promise<string[]> {
    const { store, local } = this.parts.backend();
    const services = this.parts.services();
    if (services.length === 0 || local.worker.workerId === '') return [];
    const [nextDue, overdue, { now, schedules }] = await Promise.all([
      store.nextDue(services),
      store.overdue(1),
      store.schedules.upcoming(services, 100),
    ]);
    return [
      ...(nextDue === 0 ? ['an invocation that is due, and that no worker takes'] : []),
      ...(overdue.ids.length > 0 ? ['a deadline that is past'] : []),
      ...schedules
        .filter(({ nextAt }) => nextAt <= now)
        .map(({ name, nextAt }) => `schedule ${name}, slot ${nextAt.toISOString()}`),
    ];
  }

  private async running(whileStepsRun: boolean): Promise<string[]> {
    const { steps } = this.parts;
    const backend = this.parts.backend();
    const busy = this.busy(whileStepsRun).map(async id => {
      const record = await backend.store.find(id);
      const what = record ? `${record.service}.${record.handler} (${id})` : id;
      const bodies = steps.runningIn(id);
      return bodies.length > 0
        ? `${what}: in step ${bodies.join(', ')}`
        : `${what}: awaits something that is not durable`;
    });
    const running = [...(await Promise.all(busy)), ...(await this.due())];
    return running.length > 0 ? running : ['the store is being asked'];
  }
}
