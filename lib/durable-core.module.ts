import { Global, Module, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { DurableClient } from './client/durable-client.js';
import { EventClasses } from './client/event-classes.js';
import { Targets } from './client/target.js';
import { DurableContext } from './context/durable-context.js';
import { DurableLogger } from './context/durable-logger.js';
import { ObjectState } from './context/object-state.js';
import { DurableExplorer } from './discovery/durable.explorer.js';
import { DurableRegistrar } from './discovery/durable.registrar.js';
import { EnhancerCheck } from './discovery/enhancer-check.js';
import { MetadataAccessor } from './discovery/metadata-accessor.js';
import { ScheduleCollector } from './discovery/schedule-collector.js';
import { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './durable.module-definition.js';
import { openBackend } from './backend/open-backend.js';
import { DurableLifecycle } from './durable.lifecycle.js';
import { ApplicationSteps } from './execution/application-steps.js';
import { HandlerRegistry } from './execution/handler-registry.js';
import { NestContext } from './execution/nest-context.js';
import { WorkerHost } from './execution/worker-host.js';
import { resolveFactoryOptions } from './options/resolve-options.js';
import type { DurableModuleOptions } from './options/durable-options.js';
import { DURABLE_BACKEND, DURABLE_OPTIONS, DURABLE_TEST_SEAM } from './options/tokens.js';
import type { TestSeam } from './runtime/test-seam.js';

const TEST_SEAM = { token: DURABLE_TEST_SEAM, optional: true };

const PROVIDERS: Provider[] = [
  {
    provide: DURABLE_OPTIONS,
    inject: [MODULE_OPTIONS_TOKEN, TEST_SEAM],
    useFactory: (given: DurableModuleOptions | undefined, test?: TestSeam) =>
      resolveFactoryOptions(given && test ? test.adapt(given) : given),
  },
  {
    provide: DURABLE_BACKEND,
    inject: [DURABLE_OPTIONS, MODULE_OPTIONS_TOKEN, TEST_SEAM],
    useFactory: openBackend,
  },
  MetadataAccessor,
  DurableExplorer,
  EnhancerCheck,
  ScheduleCollector,
  DurableRegistrar,
  HandlerRegistry,
  NestContext,
  ApplicationSteps,
  WorkerHost,
  Targets,
  EventClasses,
  DurableClient,
  DurableContext,
  DurableLogger,
  ObjectState,
  DurableLifecycle,
];

/** Composition root: which parts there are, and how they are put together. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: PROVIDERS,
  exports: [DurableClient, DurableContext, DurableLogger, ObjectState, WorkerHost],
})
export class DurableCoreModule extends ConfigurableModuleClass {}
