import { IsBoolean, IsInt, IsNotEmpty, IsOptional, IsPositive, IsString, MaxLength } from 'class-validator';

export class PurchaseDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  item!: string;

  /** In EUR. */
  @IsInt()
  @IsPositive()
  amount!: number;
}

export class CommentDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(1_000)
  text!: string;
}

export class AnswerDto {
  @IsBoolean()
  approved!: boolean;

  @IsString()
  @IsNotEmpty()
  by!: string;

  @IsOptional()
  @IsString()
  reason?: string;
}
