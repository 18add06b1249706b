import { DEFAULT_HANDLER_RETRY } from '../../lib/engine/retry-policy.js';
import type { Claimed, Store } from '../../lib/ports/store.js';
import type { Consumer, Transport } from '../../lib/ports/transport.js';
import type { AttemptScope } from '../../lib/runtime/attempt-scope.js';
import { Results } from '../../lib/runtime/results.js';
import { systemClock } from '../../lib/runtime/system-clock.js';
import { Worker } from '../../lib/runtime/worker.js';
import { type AttemptSettings, environment } from './attempt-on-journal.js';
import type { JournalOfOne } from './journal-store.js';
import { RecordingLogger } from './recording-logger.js';
import { until } from './until.js';

const ID = '01890000-0000-7000-8000-000000000001';

/** An invocation that was accepted, and is leased to the worker. */
export const BORN: Claimed = {
  lease: { invocationId: ID, epoch: 1 },
  ...{ service: 'Test', handler: 'run', input: '[]', origin: 'test', failedAttempts: 0, deaths: 0, wakes: 0 },
  ...{ parent: null, object: null, entered: false, seed: null, createdAt: new Date(0) },
};

/** A worker that has nothing to claim: what it drives is given to it. @param over what its ports do otherwise */
export async function startWorker(
  journal: JournalOfOne,
  body: (scope: AttemptScope) => Promise<unknown>,
  settings: AttemptSettings = {},
  over: { readonly store?: Partial<Store>; readonly transport?: Partial<Transport> } = {},
): Promise<{ readonly worker: Worker; readonly results: Results }> {
  const logger = new RecordingLogger();
  const env = environment(journal, settings, logger);
  const store = {
    ...{ register: none, renew: async () => 'ok', deregister: none },
    claimDue: async () => ({ claimed: [], dueAgoMs: undefined, nextInMs: undefined }),
    reap: async () => ({ reaped: [], news: { awoken: [], freed: [], attached: [] } }),
    lookAround: async () => ({ reap: false, stranded: false, unanswered: false, deadlineInMs: undefined }),
    ...{ releaseStray: nobody, outcomes: nobody },
    ...over.store,
  } as unknown as Store;
  const transport = {
    ...{ ready: () => undefined, due: () => undefined, tell: () => undefined },
    consume: async (): Promise<Consumer> => ({ resume: () => undefined, stop: none }),
    health: () => ({ kind: 'local', connected: true }),
    ...over.transport,
  } as unknown as Transport;
  const handler = {
    ...{ service: 'Test', handler: 'run', kind: 'service' as const, retry: DEFAULT_HANDLER_RETRY },
    timeoutMs: undefined,
    invoke: (scope: unknown) => body(scope as AttemptScope),
  };
  const handlers = { services: ['Test'], subscriptions: [], find: () => handler };
  const facts = { isPushed: () => false, isDriven: (id: string): boolean => worker.drives(id) };
  const results = new Results(store, facts, systemClock, logger);
  const times = { leaseMs: 15_000, sweepMs: 1_000, drainMs: 1_000 };
  const options = { id: 'test', concurrency: 2, maxDeaths: 3, retentionMs: undefined, ...times };
  const worker: Worker = new Worker(options, store, transport, handlers, results, env);
  await worker.start();
  // It looks for due work first, with all its slots.
  await until('it has free slots', () => worker.capacity > 0);
  return { worker, results };
}

async function none(): Promise<undefined> {
  return undefined;
}

async function nobody(): Promise<[]> {
  return [];
}
