import { BadRequestException, type ArgumentsHost, Catch, ConflictException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { IdempotencyConflictError, InvalidEventError, InvalidOptionError } from 'nestjs-durable';

/** What is wrong with an event is the answer; another user under the same address is a conflict. */
@Catch(InvalidEventError, InvalidOptionError, IdempotencyConflictError)
export class InvalidEventFilter extends BaseExceptionFilter {
  override catch(
    error: InvalidEventError | InvalidOptionError | IdempotencyConflictError,
    host: ArgumentsHost,
  ): void {
    super.catch(this.answerTo(error), host);
  }

  private answerTo(error: Error): Error {
    if (error instanceof IdempotencyConflictError) return new ConflictException('signed up already');
    return new BadRequestException(error instanceof InvalidEventError ? error.details : error.message);
  }
}
