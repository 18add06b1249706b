import { CompensationFailedError, JournalMismatchError } from '../errors/index.js';
import type { Cancel } from '../ports/clock.js';
import type { AttemptDriver } from './attempt-driver.js';
import type { AttemptScope } from './attempt-scope.js';
import { undoAll } from './compensations.js';
import type { Deliveries, Ready } from './deliveries.js';
import type { Ending } from './ending.js';
import type { BadEnding } from './saga.js';

/** What an attempt does at the word of {@link Undoing}. */
export interface UndoingAttempt {
  /** Gives user code nothing more; outcomes that it did not get are returned. */
  letGo(): readonly Ready[];
  /** What comes from here on is not the code's. */
  begin(): void;
  end(ending: Ending): void;
  pause(error: Error): void;
  release(): void;
  isDraining(): boolean;
  /** Something is being done again, after a wait. */
  busy(): void;
}

/** How long a replay waits for the code to say again how to undo what it did. */
const STUCK_MS = 5_000;

/** Brings an invocation that ends badly to its end: by way of undoing what it did, in this attempt and those after it. */
export class Undoing {
  /** How the invocation ends, once the replay is through. */
  private held: BadEnding | undefined;
  /** The code is through, with an error or without. */
  private through: { readonly error?: unknown } | undefined;
  private cancelStuck: Cancel | undefined;

  constructor(
    private readonly driver: AttemptDriver,
    private readonly scope: () => AttemptScope,
    private readonly attempt: UndoingAttempt,
  ) {}

  /** Whether nothing new is to be started for the code. */
  get isHeld(): boolean {
    return this.held !== undefined;
  }

  /** Whether the code runs only to say how to undo what it did: its end changes nothing. */
  get isDecided(): boolean {
    return this.driver.saga.ending !== undefined;
  }

  /** Ends the invocation badly, once its code was given all that it was given before. */
  hold(ending: BadEnding): void {
    if (this.held) return;
    this.held = ending;
    if (!this.driver.isReplaying) return this.conclude(ending);
    this.deliveries.tick();
  }

  /** The code is through, or cannot go on. */
  codeEnds(through: { readonly error?: unknown }): void {
    this.through ??= through;
    this.deliveries.tick();
  }

  /** Nothing is on its way to the code; whether that was a matter of undoing. */
  quiet(): boolean {
    if (this.held) this.conclude(this.held);
    else if (this.isDecided) this.restore();
    return this.isHeld || this.isDecided;
  }

  /** Something could not be undone. */
  fail(what: string, cause: unknown): void {
    const { invocationId } = this.driver.kit.writes.lease;
    this.attempt.pause(new CompensationFailedError(invocationId, what, { cause }));
  }

  stop(): void {
    this.cancelStuck?.();
  }

  private get deliveries(): Deliveries {
    return this.driver.deliveries;
  }

  private conclude(ending: BadEnding): void {
    const { driver } = this;
    // What it did before is not known to this attempt.
    const uncalled = driver.uncalled();
    if (driver.isReplaying || uncalled) {
      const { env, writes } = driver.kit;
      const cause = ending.error && env.errors.decode(ending.error);
      const isLeftOut = uncalled !== undefined && !driver.isReplaying;
      const { invocationId } = writes.lease;
      const why = isLeftOut ? new JournalMismatchError(invocationId, uncalled, { cause }) : cause;
      return this.fail('its handler', why);
    }
    const code = { calls: driver.calls, delivered: driver.delivered };
    const hasAny = driver.saga.conclude(ending, code, this.attempt.letGo());
    this.attempt.begin();
    if (hasAny) this.undo();
    else this.attempt.end(ending);
  }

  /** How the invocation ends was decided by an attempt before. */
  private restore(): void {
    const { driver } = this;
    if (!driver.isReplaying && driver.saga.isRestored) {
      this.attempt.letGo();
      this.attempt.begin();
      return this.undo();
    }
    if (this.cancelStuck || (!this.through && this.deliveries.waiting === 0)) return;
    const at = driver.delivered;
    this.cancelStuck = driver.kit.env.clock.after(STUCK_MS, () => {
      this.cancelStuck = undefined;
      if (driver.delivered === at) this.fail('its handler', this.through?.error);
      else this.deliveries.tick();
    });
  }

  private undo(): void {
    const { driver, attempt } = this;
    const { executions, kit, saga } = driver;
    const scope = this.scope();
    const mayStart = (): boolean => !attempt.isDraining();
    const undoer = { scope, kit, executions, careful: scope.careful, mayStart, busy: () => attempt.busy() };
    undoAll(saga, undoer).then(
      undone => {
        if (undone === 'stopped') attempt.release();
        else if (undone !== 'done') this.fail(undone.name, undone.error);
        else if (saga.ending) attempt.end(saga.ending);
      },
      (error: unknown) => this.fail('what it did', error),
    );
  }
}
