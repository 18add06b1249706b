import { IsInt, IsNotEmpty, IsPositive, IsString, MaxLength } from 'class-validator';
import type { Trip } from '../trip.js';

export class TripDto implements Trip {
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  number!: string;

  @IsString()
  @IsNotEmpty()
  from!: string;

  @IsString()
  @IsNotEmpty()
  to!: string;

  @IsInt()
  @IsPositive()
  nights!: number;
}
