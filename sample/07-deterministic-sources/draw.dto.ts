import { ArrayNotEmpty, IsArray, IsString } from 'class-validator';

export class DrawDto {
  /** Who takes part: a name for each ticket. */
  @IsArray()
  @ArrayNotEmpty()
  @IsString({ each: true })
  tickets!: string[];
}
