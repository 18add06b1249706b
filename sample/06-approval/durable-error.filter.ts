import { type ArgumentsHost, Catch, ConflictException, NotFoundException } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import {
  AwakeableCompletedError,
  AwakeableNotFoundError,
  type DurableError,
  InvocationNotFoundError,
  InvocationOverError,
} from 'nestjs-durable';

/** Says over HTTP what the client says in TypeScript. */
@Catch(AwakeableNotFoundError, InvocationNotFoundError, AwakeableCompletedError, InvocationOverError)
export class DurableErrorFilter extends BaseExceptionFilter {
  override catch(error: DurableError, host: ArgumentsHost): void {
    const isUnknown = error instanceof AwakeableNotFoundError || error instanceof InvocationNotFoundError;
    const HttpError = isUnknown ? NotFoundException : ConflictException;
    super.catch(new HttpError(error.message), host);
  }
}
