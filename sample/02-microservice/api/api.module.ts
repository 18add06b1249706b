import { Module } from '@nestjs/common';
import { ClientsModule } from '@nestjs/microservices';
import { DurableClientProxy } from 'nestjs-durable/microservice';
import { SERVERS } from '../servers.js';
import { TripsController } from './trips.controller.js';

@Module({
  imports: [ClientsModule.register([{ name: 'TRIPS', customClass: DurableClientProxy, options: SERVERS }])],
  controllers: [TripsController],
})
export class ApiModule {}
