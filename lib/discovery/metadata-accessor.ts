import { Injectable, type Type } from '@nestjs/common';
import { MetadataScanner, Reflector } from '@nestjs/core';
import {
  HANDLER_METADATA,
  SERVICE_METADATA,
  STEP_METADATA,
  type HandlerMetadata,
  type ServiceMetadata,
  type StepMetadata,
} from '../decorators/metadata.js';
import type { Method } from '../ports/steps.js';

/** A decorated method of a class. */
export interface DecoratedMethod<M> {
  readonly key: string;
  readonly method: Method;
  readonly metadata: M;
}

/** Reads what the decorators recorded. */
@Injectable()
export class MetadataAccessor {
  constructor(
    private readonly reflector: Reflector,
    private readonly scanner: MetadataScanner,
  ) {}

  service(type: Type): ServiceMetadata | undefined {
    return this.reflector.get<ServiceMetadata | undefined>(SERVICE_METADATA, type);
  }

  /** Name of a service: as it was given, or the class's. */
  serviceName(type: Type): string | undefined {
    const metadata = this.service(type);
    return metadata && (metadata.name ?? type.name);
  }

  handlers(type: Type): DecoratedMethod<HandlerMetadata>[] {
    return this.methods(type, HANDLER_METADATA);
  }

  steps(type: Type): DecoratedMethod<StepMetadata>[] {
    return this.methods(type, STEP_METADATA);
  }

  private methods<M>(type: Type, kind: symbol): DecoratedMethod<M>[] {
    const prototype = type.prototype as Record<string, unknown>;
    return this.scanner.getAllMethodNames(prototype).flatMap(key => {
      const method = prototype[key] as Method;
      const metadata = Reflect.getMetadata(kind, method) as M | undefined;
      return metadata === undefined ? [] : [{ key, method, metadata }];
    });
  }
}
