import { type ArgumentsHost, Catch, ConflictException, NotFoundException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import {
  type DurableError,
  InvocationNotFoundError,
  InvocationNotPausedError,
  InvocationOverError,
  NothingToSkipError,
} from 'nestjs-durable';

/** Says over HTTP what the client says in TypeScript. */
@Catch(InvocationNotFoundError, InvocationNotPausedError, InvocationOverError, NothingToSkipError)
export class DurableErrorFilter extends BaseExceptionFilter {
  override catch(error: DurableError, host: ArgumentsHost): void {
    const HttpError = error instanceof InvocationNotFoundError ? NotFoundException : ConflictException;
    super.catch(new HttpError(error.message), host);
  }
}
