import { type ArgumentsHost, Catch, ConflictException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { ObjectBusyError } from 'nestjs-durable';

/** A concert is not edited by hand while a reservation has it. */
@Catch(ObjectBusyError)
export class ObjectBusyFilter extends BaseExceptionFilter {
  override catch(error: ObjectBusyError, host: ArgumentsHost): void {
    super.catch(new ConflictException(error.message), host);
  }
}
