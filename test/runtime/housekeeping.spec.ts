import { setImmediate } from 'node:timers/promises';
import type { Store } from '../../lib/ports/store.js';
import type { Transport } from '../../lib/ports/transport.js';
import { Housekeeping } from '../../lib/runtime/housekeeping.js';
import type { Messenger } from '../../lib/runtime/messenger.js';
import type { WorkerLease } from '../../lib/runtime/worker-lease.js';
import { HandClock } from '../support/hand-clock.js';
import { RecordingLogger } from '../support/recording-logger.js';
import { until } from '../support/until.js';

const NO_NEWS = { awoken: [], freed: [], attached: [] };

describe('housekeeping', () => {
  let purged = 0;
  let reaped = 0;
  let clock: HandClock;

  /** Of a store that has more to purge, and more to reap, than will ever be done. */
  function housekeeping(): Housekeeping {
    clock = new HandClock();
    const store = {
      purge: async ({ limit }: { limit: number }) => (purged++, await setImmediate(), limit),
      reap: async ({ limit }: { limit: number }) => {
        reaped++;
        await setImmediate();
        const one = { id: 'i', service: 's', status: 'scheduled', origin: 'test' };
        return { reaped: Array<typeof one>(limit).fill(one), news: NO_NEWS };
      },
      ...{ stranded: async () => [], unanswered: async () => [], releaseStray: async () => [] },
      overdue: async () => ({ ids: [], nextMs: undefined }),
    } as unknown as Store;
    const lease = { workerId: 'w', assure: async () => undefined } as unknown as WorkerLease;
    const messenger = { deliver: () => undefined, ready: () => undefined } as unknown as Messenger;
    const transport = {} as Transport;
    const errors = { encode: () => '', decode: () => new Error() };
    const parts = { store, transport, messenger, errors, clock, logger: new RecordingLogger() };
    return new Housekeeping({ leaseMs: 1e9, maxDeaths: 3, retentionMs: 1 }, lease, () => [], parts);
  }

  beforeEach(() => ([purged, reaped] = [0, 0]));

  it('goes on at once while there is more to delete or to reap, and stops all the same', async () => {
    const keeping = housekeeping();
    keeping.start();
    await clock.moveTo(70_000);
    await until('it is at it', () => purged > 3 && reaped > 3);
    await keeping.stop();
    const done = [purged, reaped];
    for (let turn = 0; turn < 5; turn++) await setImmediate();
    expect([purged, reaped]).toEqual(done);
  }, 3_000);
});
