import { Injectable, Logger } from '@nestjs/common';
import { DurableContext, Step } from 'nestjs-durable';
import { TripDto } from './trip.dto.js';

export interface Ticket {
  readonly number: string;
}

/** Stands for an airline, which may not answer when a ticket is to be given back. */
@Injectable()
export class Airline {
  private readonly logger = new Logger(Airline.name);
  private readonly isDown = process.env.AIRLINE === 'down';

  constructor(private readonly durable: DurableContext) {}

  @Step({ compensate: { method: 'giveBack', retry: { maxAttempts: 3, initialDelay: '50ms' } } })
  async buy({ city, traveller }: TripDto): Promise<Ticket> {
    const number = `${city}-${traveller}`;
    this.logger.log(`bought ticket ${number}`);
    return { number };
  }

  /** What undoes `buy`: its arguments, then its result, which is missing if nobody knows whether the ticket was bought. */
  async giveBack({ city, traveller }: TripDto, ticket: Ticket | undefined): Promise<void> {
    const number = ticket?.number ?? `${city}-${traveller}`;
    if (this.isDown) throw new Error('the airline does not answer');
    this.logger.log(`gave back ticket ${number} (${this.durable.step ? 'once' : 'by hand'})`);
  }
}
