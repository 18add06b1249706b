import {
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsEmail,
  IsNotEmpty,
  IsString,
  MaxLength,
} from 'class-validator';

export class ReportDto {
  /** The same title is the same report. */
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  title!: string;

  @IsArray()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsString({ each: true })
  shops!: string[];
}

export class ReaderDto {
  @IsEmail()
  email!: string;
}
