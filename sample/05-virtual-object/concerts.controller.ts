import {
  Body,
  Controller,
  Get,
  NotFoundException,
  Param,
  ParseIntPipe,
  Post,
  Put,
  UseFilters,
} from '@nestjs/common';
import { DurableClient } from 'nestjs-durable';
import { ConcertDto, ReservationDto, SeatDto } from './concert.dto.js';
import { Concert, type ConcertState } from './concert.js';
import { ObjectBusyFilter } from './object-busy.filter.js';

@Controller('concerts/:name')
@UseFilters(ObjectBusyFilter)
export class ConcertsController {
  constructor(private readonly durable: DurableClient) {}

  @Post()
  async announce(@Param('name') key: string, @Body() { seats }: ConcertDto) {
    await this.durable.call(Concert, { key }).announce(seats);
    return { name: key, seats };
  }

  /** Asked again, as after a crash in between, it answers with the same seat: a guest has one. */
  @Post('reservations')
  async reserve(@Param('name') key: string, @Body() { guest }: ReservationDto) {
    const seat = await this.durable.call(Concert, { key, idempotencyKey: guest }).reserve(guest);
    return { guest, seat };
  }

  @Get()
  async seats(@Param('name') key: string) {
    return { name: key, seats: await this.durable.call(Concert, { key }).seats() };
  }

  /** By hand, past the handlers: for the box office, and for repairs. */
  @Put('seats/:seat')
  async assign(
    @Param('name') key: string,
    @Param('seat', ParseIntPipe) seat: number,
    @Body() { guest }: SeatDto,
  ) {
    const state = this.durable.state<ConcertState>(Concert, key);
    const seats = (await state.get('seats')) ?? [];
    if (seats[seat] === undefined) throw new NotFoundException(`${key} has no seat ${seat}`);
    await state.set('seats', seats.with(seat, guest ?? null));
    return { guest, seat };
  }
}
