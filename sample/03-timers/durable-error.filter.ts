import { type ArgumentsHost, Catch, ConflictException, NotFoundException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { InvocationNotFoundError, InvocationOverError } from 'nestjs-durable';

/** Says over HTTP what the client says in TypeScript. */
@Catch(InvocationNotFoundError, InvocationOverError)
export class DurableErrorFilter extends BaseExceptionFilter {
  override catch(error: InvocationNotFoundError | InvocationOverError, host: ArgumentsHost): void {
    const HttpError = error instanceof InvocationNotFoundError ? NotFoundException : ConflictException;
    super.catch(new HttpError(error.message), host);
  }
}
