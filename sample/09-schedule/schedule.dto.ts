import { IsNotEmpty, IsString, MaxLength } from 'class-validator';

export class ScheduleDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  name!: string;

  @IsString()
  cron!: string;

  @IsString()
  @IsNotEmpty()
  region!: string;
}
