import * as nest from '@nestjs/common';
import { v7 } from 'uuid';
import type { TypeOrmStoreOptions } from '../adapters/typeorm/typeorm-store.js';
import {
  ErrorRegistry,
  JsonCodec,
  limitPayload,
  RecordErrorCodec,
  registerHttpExceptions,
} from '../codec/index.js';
import { openStore } from './open-store.js';
import { openTransport } from './open-transport.js';
import { PoisonError } from '../errors/index.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { Codec, ErrorCodec } from '../ports/codec.js';
import { NO_WORKER, type LocalWorker } from '../ports/local-worker.js';
import type { Transport } from '../ports/transport.js';
import type { Backend } from '../runtime/backend.js';
import type { FaultPoints } from '../runtime/environment.js';
import { FAULT_POINTS, withFaultPoints } from '../runtime/fault-points.js';
import { Results } from '../runtime/results.js';
import { systemClock } from '../runtime/system-clock.js';
import { Writer } from '../runtime/writer.js';

/** Options as the application gave them; a test may have set fault points. */
interface FaultyOptions {
  readonly [FAULT_POINTS]?: FaultPoints;
}

/** Opens what the options ask for: a store, a transport, and what clients and workers share. */
export async function openBackend(options: ResolvedOptions, given: FaultyOptions = {}): Promise<Backend> {
  const logger = new nest.Logger('Durable');
  const clock = systemClock;
  const { codec, errors } = codecs(options);
  const poisonError: TypeOrmStoreOptions['poisonError'] = ({ invocationId, deaths, step }) =>
    errors.encode(new PoisonError(invocationId, deaths, step));
  const opened = await openStore(options, logger, poisonError);
  const faults = given[FAULT_POINTS];
  const store = faults ? withFaultPoints(opened, faults) : opened;
  const transport = await openTransport(options, clock, logger).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const local = { worker: NO_WORKER };
  const results = new Results(store, resultsOptions(local, transport), clock, logger);
  const writerOptions = { lanes: options.writers, acceptTimeoutMs: options.connectTimeoutMs };
  const writer = new Writer(store, writerOptions, clock, logger);
  const origin = v7();
  const unsubscribe = await transport.onFinished(origin, ids => results.announce(ids));
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    results.close();
    await writer.idle();
    await unsubscribe();
    await transport.close();
    await store.close();
  };
  const parts = { origin, store, transport, writer, results, codec, errors, clock, logger, local, faults };
  return {
    ...parts,
    get isClosed() {
      return closing !== undefined;
    },
    close: () => (closing ??= close()),
  };
}

function codecs(options: ResolvedOptions): { codec: Codec; errors: ErrorCodec } {
  const registry = new ErrorRegistry();
  registerHttpExceptions(registry, nest.HttpException, Object.values(nest));
  registry.addAll(options.errors);
  const codec = options.codec ?? new JsonCodec({ classes: options.classes, errors: registry });
  return {
    codec: limitPayload(codec, { bytes: options.limits.payload }),
    errors: new RecordErrorCodec(registry, codec),
  };
}

function resultsOptions(
  local: { worker: LocalWorker },
  transport: Transport,
): ConstructorParameters<typeof Results>[1] {
  return {
    isDriven: id => local.worker.drives(id),
    isPushed: () => transport.health().kind !== 'local' && transport.health().connected,
  };
}
