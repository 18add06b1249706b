import { IsEmail, IsInt, IsNotEmpty, IsPositive, IsString, MaxLength } from 'class-validator';

export class CheckoutDto {
  /** The customer's own number of the order: the same number is the same order. */
  @IsString()
  @IsNotEmpty()
  @MaxLength(64)
  orderId!: string;

  @IsString()
  @IsNotEmpty()
  sku!: string;

  @IsInt()
  @IsPositive()
  quantity!: number;

  /** To pay, in cents. */
  @IsInt()
  @IsPositive()
  amount!: number;

  @IsEmail()
  email!: string;
}
