import { Global, Module, type Provider } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { DurableClient } from './client/durable-client.js';
import { Targets } from './client/target.js';
import { DurableContext } from './context/durable-context.js';
import { DurableExplorer } from './discovery/durable.explorer.js';
import { DurableRegistrar } from './discovery/durable.registrar.js';
import { EnhancerCheck } from './discovery/enhancer-check.js';
import { MetadataAccessor } from './discovery/metadata-accessor.js';
import { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './durable.module-definition.js';
import { openBackend } from './backend/open-backend.js';
import { DurableLifecycle } from './durable.lifecycle.js';
import { ApplicationSteps } from './execution/application-steps.js';
import { HandlerRegistry } from './execution/handler-registry.js';
import { NestContext } from './execution/nest-context.js';
import { WorkerHost } from './execution/worker-host.js';
import { resolveFactoryOptions } from './options/resolve-options.js';
import { DURABLE_BACKEND, DURABLE_OPTIONS } from './options/tokens.js';

const PROVIDERS: Provider[] = [
  { provide: DURABLE_OPTIONS, inject: [MODULE_OPTIONS_TOKEN], useFactory: resolveFactoryOptions },
  { provide: DURABLE_BACKEND, inject: [DURABLE_OPTIONS, MODULE_OPTIONS_TOKEN], useFactory: openBackend },
  MetadataAccessor,
  DurableExplorer,
  EnhancerCheck,
  DurableRegistrar,
  HandlerRegistry,
  NestContext,
  ApplicationSteps,
  WorkerHost,
  Targets,
  DurableClient,
  DurableContext,
  DurableLifecycle,
];

/** Composition root: which parts there are, and how they are put together. */
@Global()
@Module({
  imports: [DiscoveryModule],
  providers: PROVIDERS,
  exports: [DurableClient, DurableContext, WorkerHost],
})
export class DurableCoreModule extends ConfigurableModuleClass {}
