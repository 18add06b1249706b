import { IsNotEmpty, IsString, MaxLength } from 'class-validator';

export class TrialDto {
  /** Each customer has one trial. */
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  customer!: string;
}
