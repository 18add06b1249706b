import { IsNotEmpty, IsString, MaxLength } from 'class-validator';

export class TripDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  city!: string;

  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  traveller!: string;
}
