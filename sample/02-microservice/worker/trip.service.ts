import { DurableService, Handler } from 'nestjs-durable';
import { type Itinerary, type Quote, type Trip, TRIPS } from '../trip.js';
import { BookingGateway } from './booking.gateway.js';

// The name is part of the agreement, the class is not.
@DurableService({ name: TRIPS })
export class TripService {
  constructor(private readonly bookings: BookingGateway) {}

  /** Whichever worker is stopped or killed: another one goes on, and repeats no step that has a result. */
  @Handler()
  async book(trip: Trip): Promise<Itinerary> {
    const flight = await this.bookings.flight(trip);
    const hotel = await this.bookings.hotel(trip);
    const car = await this.bookings.car(trip);
    return { flight, hotel, car };
  }

  @Handler()
  async quote(trip: Trip): Promise<Quote> {
    return { euros: 200 + 90 * trip.nights };
  }
}
