import { DEFAULT_STEP_RETRY } from '../../lib/engine/retry-policy.js';
import { JournalOfOne } from '../support/journal-store.js';
import { until } from '../support/until.js';
import { BORN, startWorker } from '../support/worker-on-journal.js';

describe('a worker', () => {
  it('that stops starts nothing of what was accepted for it meanwhile, but gives it back', async () => {
    const journal = new JournalOfOne();
    const ran: string[] = [];
    const { worker } = await startWorker(journal, async scope => {
      ran.push('handler');
      const run = async (): Promise<unknown> => ran.push('step');
      await scope.step({ name: 's', retry: DEFAULT_STEP_RETRY, timeoutMs: undefined, run });
    });
    expect(worker.reserve()).toBe(true);
    const stopped = worker.stop();
    await new Promise(resolve => setTimeout(resolve, 20));
    worker.adopt(BORN);
    await stopped;
    expect(ran).toEqual([]);
    expect(journal.transition).toMatchObject({ status: 'scheduled', dueInMs: 0 });
  });

  it('keeps no watcher of an invocation that is suspended, unless somebody has asked for its outcome', async () => {
    const journal = new JournalOfOne();
    const { worker, results } = await startWorker(journal, scope => scope.sleep({ ms: 3_600_000 }));
    const forgotten: string[] = [];
    results.forget = id => void forgotten.push(id);
    worker.reserve();
    results.watch(BORN.lease.invocationId);
    worker.adopt(BORN);
    await until('it is suspended', () => journal.transition !== undefined);
    await until('the worker is through', () => !worker.drives(BORN.lease.invocationId));
    expect(forgotten).toEqual([BORN.lease.invocationId]);
    await worker.stop();
  });
});
