import { ConflictException } from '@nestjs/common';
import { Handler, ObjectState, Shared, VirtualObject } from 'nestjs-durable';
import { Payments } from './payments.js';

export interface ConcertState {
  /** Who has which seat; `null`: nobody. */
  readonly seats: readonly (string | null)[];
}

/** There is one for each name, and it does one thing after the other: no lock, no transaction, no lost update. */
@VirtualObject()
export class Concert {
  constructor(
    private readonly state: ObjectState<ConcertState>,
    private readonly payments: Payments,
  ) {}

  @Handler()
  async announce(seats: number): Promise<void> {
    if (this.state.get('seats')) throw new ConflictException('is announced already');
    await this.state.set(
      'seats',
      Array.from({ length: seats }, () => null),
    );
  }

  /**
   * Gives a guest the first free seat. A step may take its time here: meanwhile nobody else gets that seat.
   * @throws ConflictException, which is not tried again, and comes to the caller as itself
   */
  @Handler()
  async reserve(guest: string): Promise<number> {
    const seats = this.state.get('seats') ?? [];
    const free = seats.indexOf(null);
    if (free < 0) throw new ConflictException('sold out');
    await this.payments.charge(guest, free);
    await this.state.set('seats', seats.with(free, guest));
    return free;
  }

  /** Runs beside a reservation, and sees what is committed. */
  @Shared()
  async seats(): Promise<ConcertState['seats']> {
    return this.state.get('seats') ?? [];
  }
}
