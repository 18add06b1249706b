import { IsInt, IsNotEmpty, IsString, Max, MaxLength, Min } from 'class-validator';

export class OrderDto {
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  sku!: string;

  @IsInt()
  @Min(1)
  @Max(100)
  amount!: number;
}
