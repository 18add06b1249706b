import { Module } from '@nestjs/common';
import { DurableModule } from 'nestjs-durable';
import { SERVERS } from '../servers.js';
import { BookingGateway } from './booking.gateway.js';
import { TripService } from './trip.service.js';

@Module({
  imports: [DurableModule.forRoot(SERVERS)],
  providers: [TripService, BookingGateway],
})
export class WorkerModule {}
