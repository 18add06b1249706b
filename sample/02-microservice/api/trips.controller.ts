import { Body, Controller, Get, HttpCode, Inject, Param, Post, UseFilters } from '@nestjs/common';
import type { DurableClient } from 'nestjs-durable';
import { DurableClientProxy, DurableRecordBuilder } from 'nestjs-durable/microservice';
import { map, type Observable } from 'rxjs';
import { BOOK, type Itinerary, QUOTE, type Quote } from '../trip.js';
import { DurableErrorFilter } from './durable-error.filter.js';
import { TripDto } from './trip.dto.js';

@Controller('trips')
@UseFilters(DurableErrorFilter)
export class TripsController {
  constructor(@Inject('TRIPS') private readonly trips: DurableClientProxy) {}

  /** Accepts a trip. Once it has answered, the trip survives; the same number sent again has the same id. */
  @Post()
  @HttpCode(202)
  book(@Body() trip: TripDto): Observable<{ id: string }> {
    const message = new DurableRecordBuilder(trip).setOptions({ idempotencyKey: trip.number }).build();
    return this.trips.emit<string>(BOOK, message).pipe(map(id => ({ id })));
  }

  /** Waits for the answer of a worker. */
  @Post('quote')
  @HttpCode(200)
  quote(@Body() trip: TripDto): Observable<Quote> {
    return this.trips.send<Quote>(QUOTE, trip);
  }

  @Get(':id')
  async status(@Param('id') id: string) {
    await this.trips.connect();
    const trip = this.trips.unwrap<DurableClient>().get<Itinerary>(id);
    const { status, worker, deaths } = await trip.status();
    const itinerary = status === 'completed' ? await trip.result() : undefined;
    return { id, status, worker, deaths, itinerary };
  }
}
