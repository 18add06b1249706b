import { Body, Controller, Get, HttpCode, Param, Post, UseFilters } from '@nestjs/common';
import { DurableClient } from 'nestjs-durable';
import { DurableErrorFilter } from './durable-error.filter.js';
import { TripDto } from './trip.dto.js';
import { type Trip, TripService } from './trip.service.js';

@Controller('trips')
@UseFilters(DurableErrorFilter)
export class TripsController {
  constructor(private readonly durable: DurableClient) {}

  @Post()
  @HttpCode(202)
  async book(@Body() trip: TripDto) {
    const { id } = await this.durable.send(TripService).book(trip);
    return { id };
  }

  @Get(':id')
  async status(@Param('id') id: string) {
    const invocation = this.durable.get<Trip>(id);
    const { status, error } = await invocation.status();
    const trip = status === 'completed' ? await invocation.result() : undefined;
    const cause = error?.cause instanceof Error ? error.cause.message : undefined;
    return { id, status, error: error?.message, cause, trip };
  }

  /** For an operator: tries again to undo what could not be undone. */
  @Post(':id/resume')
  @HttpCode(202)
  async resume(@Param('id') id: string) {
    await this.durable.resume(id);
    return { id };
  }

  /** For an operator, who has done it by hand. */
  @Post(':id/skip')
  @HttpCode(202)
  async skip(@Param('id') id: string) {
    await this.durable.skipCompensation(id);
    return { id };
  }
}
