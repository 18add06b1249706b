import type { Cancel, Clock } from '../ports/clock.js';

/** How many may wait for a slot, for each slot. */
const WAITING_PER_SLOT = 10;
/** How long they are to wait at the most: what may wait shrinks with each that waited longer, and grows with all others. */
const WAIT_MS = 250;
/** How long one may wait. */
const LONGEST_WAIT_MS = 1_000;
/** How often it is looked whether slots come free at all, and after how many looks in vain they do not. */
const LOOK_MS = 100;
const LOOKS_IN_VAIN = 2;
/** For how long somebody may wait here all the time, and for how long nobody may then: others have their turn. */
const TURN_MS = 1_000;
const OTHERS_TURN_MS = 100;

interface Waiting {
  readonly since: number;
  readonly resolve: (isIn: boolean) => void;
}

/**
 * The slots of a worker: how many invocations it drives at once.
 *
 * What its own process accepts is born leased to it, also while all slots are in use: it waits here for the next one,
 * which spares it the way through the store, from where it would be claimed a moment later. That holds while slots come
 * free soon: if they do not, all that wait are given up, so that other workers can have them.
 */
export class Slots {
  /** For what is being claimed, or accepted, or read, and not driven yet. */
  private held = 0;
  /** Of these, for what is being accepted. */
  private reserved = 0;
  /** Places of those that are being accepted without a slot, or that wait. */
  private booked = 0;
  private room: number;
  private turnEndsAt = -Infinity;
  private othersTurnEndsAt = -Infinity;
  private readonly waiting: Waiting[] = [];
  private looksInVain = 0;
  private cancelLook: Cancel | undefined;

  /**
   * @param most how many there are
   * @param used how many are used by what is driven
   */
  constructor(
    private readonly most: number,
    private readonly used: () => number,
    private readonly clock: Pick<Clock, 'monotonic' | 'roughlyAfter'>,
  ) {
    this.room = this.mostWaiting;
  }

  /** For what comes through the store: none while others wait here. */
  get free(): number {
    return this.waiting.length > 0 ? 0 : Math.max(0, this.most - this.used() - this.held);
  }

  /** Whether nothing has a slot, or will have one, that is not driven yet. */
  get isUnclaimed(): boolean {
    return this.held + this.booked === 0;
  }

  /** Keeps free slots for what is being claimed. */
  hold(count: number): void {
    this.held += count;
  }

  /** It is driven now, or there is nothing to drive. {@link freed} follows. */
  release(count: number): void {
    this.held -= count;
  }

  /**
   * A slot, or a place to wait for one, for what is about to be accepted; whether there was any.
   *
   * @param mayWait whether there is nothing else that waits for a slot, as far as is known
   */
  reserve(mayWait: boolean): boolean {
    if (this.booked === 0 && this.free > 0) {
      this.reserved++;
      this.held++;
      return true;
    }
    if (!mayWait || this.booked >= this.room || !this.hasTurn()) return false;
    this.booked++;
    return true;
  }

  /** It was not accepted after all. {@link freed} follows. */
  cancel(): void {
    if (this.reserved === 0) this.unbook();
    else {
      this.reserved--;
      this.held--;
    }
  }

  /** It was accepted: whether it has a slot, or will have had one when it was given up. Either way {@link release} follows. */
  enter(): true | Promise<boolean> {
    if (this.reserved > 0) {
      this.reserved--;
      return true;
    }
    if (this.waiting.length === 0 && this.isOpen) {
      this.admit();
      return true;
    }
    return new Promise(resolve => {
      this.waiting.push({ since: this.clock.monotonic(), resolve });
      this.look();
    });
  }

  /** Some may have come free: for those that wait, in their order. */
  freed(): void {
    if (this.waiting.length === 0) return this.adapt(0);
    while (this.waiting.length > 0 && this.isOpen) {
      this.admit();
      const { since, resolve } = this.waiting.shift() as Waiting;
      this.adapt(this.clock.monotonic() - since);
      this.looksInVain = 0;
      resolve(true);
    }
  }

  /** None of those that wait gets a slot. */
  giveUp(): void {
    this.room = 0;
    this.looksInVain = 0;
    this.cancelLook?.();
    this.cancelLook = undefined;
    for (const { resolve } of this.waiting.splice(0)) {
      this.admit();
      resolve(false);
    }
  }

  private get mostWaiting(): number {
    return this.most * WAITING_PER_SLOT;
  }

  private get isOpen(): boolean {
    return this.used() + this.held < this.most;
  }

  private hasTurn(): boolean {
    const now = this.clock.monotonic();
    if (this.booked > 0) return now < this.turnEndsAt;
    if (now < this.othersTurnEndsAt) return false;
    this.turnEndsAt = now + TURN_MS;
    return true;
  }

  private admit(): void {
    this.unbook();
    this.held++;
  }

  private unbook(): void {
    const now = this.clock.monotonic();
    if (--this.booked === 0 && now >= this.turnEndsAt) this.othersTurnEndsAt = now + OTHERS_TURN_MS;
  }

  private adapt(waitedMs: number): void {
    this.room = Math.max(0, Math.min(this.room + (waitedMs > WAIT_MS ? -1 : 1), this.mostWaiting));
  }

  /** Two looks in vain: a busy event loop is late with the first, and with all else. */
  private look(): void {
    this.cancelLook ??= this.clock.roughlyAfter(LOOK_MS, () => {
      this.cancelLook = undefined;
      const [first] = this.waiting;
      if (!first) return;
      const hasTime = this.clock.monotonic() - first.since < LONGEST_WAIT_MS;
      if (hasTime && ++this.looksInVain < LOOKS_IN_VAIN) this.look();
      else this.giveUp();
    });
  }
}
