import { Module } from '@nestjs/common';
import { DurableModule } from 'nestjs-durable';
import { Airline } from './airline.js';
import { Hotel } from './hotel.js';
import { TripService } from './trip.service.js';
import { TripsController } from './trips.controller.js';

@Module({
  imports: [DurableModule.forRoot({ postgres: process.env.POSTGRES_URL, redis: process.env.REDIS_URL })],
  controllers: [TripsController],
  providers: [TripService, Airline, Hotel],
})
export class AppModule {}
