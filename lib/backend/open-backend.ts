import * as nest from '@nestjs/common';
import { v7 } from 'uuid';
import type { TypeOrmStoreOptions } from '../adapters/typeorm/typeorm-store.js';
import {
  checkedCodec,
  ErrorRegistry,
  JsonCodec,
  limitPayload,
  RecordErrorCodec,
  registerHttpExceptions,
} from '../codec/index.js';
import { freshId } from '../codec/identity.js';
import { openStore } from './open-store.js';
import { openTransport } from './open-transport.js';
import { PoisonError } from '../errors/index.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { Codec, ErrorCodec } from '../ports/codec.js';
import { NO_SCHEDULER } from '../ports/local-scheduler.js';
import { NO_WORKER, type LocalWorker } from '../ports/local-worker.js';
import type { Store } from '../ports/store.js';
import type { Transport } from '../ports/transport.js';
import { Acceptor } from '../runtime/acceptor.js';
import type { Backend } from '../runtime/backend.js';
import type { FaultPoints } from '../runtime/environment.js';
import { EventPublisher } from '../runtime/event-publisher.js';
import { FAULT_POINTS, type Reach, withFaultPoints } from '../runtime/fault-points.js';
import { Messenger } from '../runtime/messenger.js';
import { Results } from '../runtime/results.js';
import { systemClock } from '../runtime/system-clock.js';
import type { TestSeam } from '../runtime/test-seam.js';
import { isOverWithin, LAST_WRITES_MS } from '../runtime/within.js';
import { Writer } from '../runtime/writer.js';

/** Options as the application gave them; a test may have set fault points. */
interface FaultyOptions {
  readonly [FAULT_POINTS]?: FaultPoints;
}

/** Opens what the options ask for: a store, a transport, and what clients and workers share. */
export async function openBackend(
  options: ResolvedOptions,
  given: FaultyOptions = {},
  test?: TestSeam,
): Promise<Backend> {
  const logger = new nest.Logger('Durable');
  const clock = test?.clock ?? systemClock;
  const { codec, errors } = codecs(options);
  const poisonError: TypeOrmStoreOptions['poisonError'] = ({ invocationId, deaths, step }) =>
    errors.encode(new PoisonError(invocationId, deaths, step));
  const { store: opened, transactions } = await openStore(options, {
    ...{ logger, poisonError },
    test: test?.database,
  });
  const faults = given[FAULT_POINTS];
  const store = reached(test ? test.watch(opened) : opened, [faults, test?.reach]);
  const transport = await openTransport(options, clock, logger).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const local: Backend['local'] = { worker: NO_WORKER, scheduler: NO_SCHEDULER };
  const results = new Results(store, resultsOptions(local, transport), clock, logger);
  const writerOptions = { lanes: options.writers, acceptTimeoutMs: options.connectTimeoutMs };
  // Its waits are for the store itself, which has no other time.
  const writer = new Writer(store, { ...writerOptions, ...largestBatch(test) }, systemClock, logger);
  const origin = v7();
  const scope = `${options.namespace}/${options.schema}`;
  const acceptor = new Acceptor({ origin, store, writer, transport, codec, clock, local, transactions });
  const publisher = new EventPublisher({ store, acceptor, codec });
  const messenger = new Messenger({ store, transport, local, logger });
  writer.onNews = news => messenger.deliver(news);
  const unsubscribe = await transport.onNews(origin, ids => {
    results.announce(ids);
    local.worker.wake(ids.map(id => ({ id, wakes: Infinity })));
  });
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    results.close();
    await writer.end(LAST_WRITES_MS);
    await isOverWithin(systemClock, LAST_WRITES_MS, messenger.idle());
    await unsubscribe();
    await transport.close();
    await isOverWithin(systemClock, LAST_WRITES_MS, store.close());
  };
  return {
    ...{ origin, scope, store, transactions, transport, writer, acceptor, publisher, messenger, results },
    ...{ codec, errors, clock, logger, local, faults },
    newId: test ? () => test.newId() : freshId,
    get isClosed() {
      return closing !== undefined;
    },
    close: () => (closing ??= close()),
  };
}

function reached(store: Store, all: readonly (Reach | undefined)[]): Store {
  return all.reduce<Store>((one, reach) => (reach ? withFaultPoints(one, reach) : one), store);
}

function largestBatch(test: TestSeam | undefined): { largestBatch?: () => number } {
  return test ? { largestBatch: () => test.largestBatch() } : {};
}

function codecs(options: ResolvedOptions): { codec: Codec; errors: ErrorCodec } {
  const registry = new ErrorRegistry();
  registerHttpExceptions(registry, nest.HttpException, Object.values(nest));
  registry.addAll(options.errors);
  const codec = options.codec
    ? checkedCodec(options.codec)
    : new JsonCodec({ classes: options.classes, errors: registry });
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
