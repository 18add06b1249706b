import { Injectable, Logger } from '@nestjs/common';
import { Step, TerminalError } from 'nestjs-durable';
import { TripDto } from './trip.dto.js';

/** Stands for the system of a hotel. */
@Injectable()
export class Hotel {
  private readonly logger = new Logger(Hotel.name);

  @Step()
  async reserve({ city, traveller }: TripDto): Promise<{ room: number }> {
    if (city === 'Atlantis') throw new TerminalError('there is no hotel in Atlantis');
    this.logger.log(`a room in ${city} for ${traveller}`);
    return { room: 7 };
  }
}
