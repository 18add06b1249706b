import { IsInt, IsNotEmpty, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

export class ConcertDto {
  @IsInt()
  @Min(1)
  @Max(1_000)
  seats!: number;
}

export class ReservationDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  guest!: string;
}

export class SeatDto {
  /** Who is to have it; left out: nobody. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  guest?: string;
}
