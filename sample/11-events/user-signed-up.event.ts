import { IsEmail, IsNotEmpty } from 'class-validator';
import { DurableEvent } from 'nestjs-durable';

/** What everybody who is interested gets to know. */
@DurableEvent('user.signed-up')
export class UserSignedUp {
  @IsEmail()
  readonly email!: string;

  @IsNotEmpty()
  readonly country!: string;
}
