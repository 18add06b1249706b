import { Logger } from '@nestjs/common';
import { DurableContext, DurableService, Handler } from 'nestjs-durable';
import { Airline } from './airline.js';
import { Hotel } from './hotel.js';
import { TripDto } from './trip.dto.js';

export interface Trip {
  readonly ticket: string;
  readonly room: number;
}

@DurableService()
export class TripService {
  private readonly logger = new Logger(TripService.name);

  constructor(
    private readonly durable: DurableContext,
    private readonly airline: Airline,
    private readonly hotel: Hotel,
  ) {}

  /** Says only what is done. What is undone, if it fails or is cancelled, and in which order, follows from it. */
  @Handler()
  async book(trip: TripDto): Promise<Trip> {
    const { number } = await this.airline.buy(trip);
    this.durable.compensate('tell the traveller', () =>
      this.logger.log(`${trip.traveller}, your trip to ${trip.city} is off`),
    );
    const { room } = await this.hotel.reserve(trip);
    return { ticket: number, room };
  }
}
