import { Invocations } from '../../../lib/client/invocations.js';
import { Reruns } from '../../../lib/client/reruns.js';
import { ScheduleClient } from '../../../lib/client/schedules.js';
import type { InvocationStatus } from '../../../lib/engine/status.js';
import type { Backend } from '../../../lib/runtime/backend.js';

const ID = '01890000-0000-7000-8000-000000000001';

/** Reruns on a store in which an invocation has these statuses, one each time that it is read. */
function reruns(statuses: InvocationStatus[], results: string[]) {
  const store = {
    find: async () => ({ service: 'S', status: statuses.shift() }),
    retry: async () => results.shift(),
    restart: async () => ({ result: results.shift(), service: 'S' }),
  };
  const transport = { ready: () => undefined };
  const backend = { store, transport, origin: 'test', isClosed: false } as unknown as Backend;
  return new Reruns(backend, new Invocations(backend));
}

describe('an order that is refused', () => {
  it('names the status after it: of a retry', async () => {
    const orders = reruns(['failed', 'scheduled'], ['not_failed']);
    await expect(orders.retry(ID)).rejects.toMatchObject({ status: 'scheduled' });
  });

  it('names the status after it: of a restart', async () => {
    const orders = reruns(['completed', 'running'], ['not_over']);
    await expect(orders.restart(ID, undefined)).rejects.toMatchObject({ status: 'running' });
  });

  it('is given again if by then it is none that would be refused', async () => {
    await reruns(['running', 'failed', 'failed'], ['not_failed', 'ok']).retry(ID);
    await reruns(['running', 'completed', 'completed'], ['not_over', 'ok']).restart(ID, undefined);
  });

  it('to resume a schedule whose definition changes is given until it is taken', async () => {
    let revision = 0;
    const schedules = {
      find: async () => ({ cron: null, everyMs: 1_000, timeZone: null, revision: ++revision }),
      now: async () => new Date(0),
      resume: async () => (revision === 20 ? 'ok' : 'lost'),
    };
    const local = { scheduler: { changed: () => undefined } };
    const backend = { store: { schedules }, local, isClosed: false } as unknown as Backend;
    const client = new ScheduleClient(backend, {} as never, new Invocations(backend));
    await client.resume('n');
    expect(revision).toBe(20);
  });
});
