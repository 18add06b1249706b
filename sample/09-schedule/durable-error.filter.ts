import {
  type ArgumentsHost,
  BadRequestException,
  Catch,
  ConflictException,
  NotFoundException,
} from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import {
  DuplicateScheduleError,
  InvalidScheduleError,
  ScheduleDeclaredError,
  ScheduleNotFoundError,
} from 'nestjs-durable';

/** Says over HTTP what the client says in TypeScript. */
@Catch(DuplicateScheduleError, InvalidScheduleError, ScheduleDeclaredError, ScheduleNotFoundError)
export class DurableErrorFilter extends BaseExceptionFilter {
  override catch(error: Error, host: ArgumentsHost): void {
    if (error instanceof ScheduleNotFoundError)
      return super.catch(new NotFoundException(error.message), host);
    const HttpError = error instanceof InvalidScheduleError ? BadRequestException : ConflictException;
    super.catch(new HttpError(error.message), host);
  }
}
