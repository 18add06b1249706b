import { Injectable, type Type } from '@nestjs/common';
import { MetadataScanner, Reflector } from '@nestjs/core';
import {
  HANDLER_METADATA,
  ON_EVENT_METADATA,
  SCHEDULE_METADATA,
  SERVICE_METADATA,
  STEP_METADATA,
  type HandlerMetadata,
  type OnEventMetadata,
  type ScheduleMetadata,
  type ServiceMetadata,
  type StepMetadata,
} from '../decorators/metadata.js';
import type { HandlerOptions } from '../options/decorator-options.js';
import type { HandlerKind } from '../ports/handlers.js';
import type { Method } from '../ports/steps.js';

/** A handler of a class. */
export interface DecoratedHandler extends DecoratedMethod<HandlerOptions> {
  /** What invocations and other applications call it. */
  readonly name: string;
  readonly kind: HandlerKind;
  /** The events that it is for. */
  readonly events: OnEventMetadata | undefined;
}

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
    return metadata && (metadata.options.name ?? type.name);
  }

  /** Whether a class is a virtual object. */
  isObject(type: Type): boolean {
    return this.service(type)?.isObject ?? false;
  }

  handlers(type: Type): DecoratedHandler[] {
    const isObject = this.isObject(type);
    return this.allMethods(type).flatMap(({ key, method }) => {
      const events = Reflect.getMetadata(ON_EVENT_METADATA, method) as OnEventMetadata | undefined;
      const metadata = Reflect.getMetadata(HANDLER_METADATA, method) as HandlerMetadata | undefined;
      // What is for events is a handler, also if it does not say so.
      if (!metadata && !events) return [];
      const { options, isShared } = metadata ?? PLAIN;
      const kind = isShared ? 'shared' : isObject ? 'exclusive' : 'service';
      return [{ key, method, metadata: options, name: options.name ?? key, kind, events }];
    });
  }

  schedules(type: Type): DecoratedMethod<ScheduleMetadata>[] {
    return this.methods(type, SCHEDULE_METADATA);
  }

  steps(type: Type): DecoratedMethod<StepMetadata>[] {
    return this.methods(type, STEP_METADATA);
  }

  private methods<M>(type: Type, kind: symbol): DecoratedMethod<M>[] {
    return this.allMethods(type).flatMap(({ key, method }) => {
      const metadata = Reflect.getMetadata(kind, method) as M | undefined;
      return metadata === undefined ? [] : [{ key, method, metadata }];
    });
  }

  private allMethods(type: Type): Pick<DecoratedMethod<never>, 'key' | 'method'>[] {
    const prototype = type.prototype as Record<string, unknown>;
    return this.scanner.getAllMethodNames(prototype).map(key => ({ key, method: prototype[key] as Method }));
  }
}

const PLAIN: HandlerMetadata = { options: {}, isShared: false };
