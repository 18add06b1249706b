import { DEFAULT_STEP_RETRY } from '../../lib/engine/retry-policy.js';
import type { Intake, TransportHealth } from '../../lib/ports/transport.js';
import { HandClock } from '../support/hand-clock.js';
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

  describe('that has found nothing for long', () => {
    const IDLE_MS = 60_000;
    /** Times of its sweeps. */
    let sweeps: number[];
    let clock: HandClock;
    let intake: Intake;
    let health: TransportHealth;
    let stop: () => Promise<void>;

    async function idle(kind: TransportHealth['kind']): Promise<void> {
      [sweeps, clock, health] = [[], new HandClock(), { kind, connected: true }];
      const none = async (): Promise<undefined> => undefined;
      const { worker } = await startWorker(
        new JournalOfOne(),
        none,
        { clock },
        {
          store: {
            claimDue: async () => {
              sweeps.push(clock.monotonic());
              return { claimed: [], dueAgoMs: undefined, nextInMs: undefined };
            },
            claim: async () => ({ claimed: [], early: [] }),
          },
          transport: {
            consume: async given => ((intake = given), { resume: () => undefined, stop: none }),
            health: () => health,
          },
        },
      );
      stop = () => worker.stop();
      await clock.moveTo(IDLE_MS);
    }

    afterEach(() => stop());

    const since = (from: number, to: number): number => sweeps.filter(at => at > from && at <= to).length;

    it('sweeps a fifth as often where a server announces what is ready', async () => {
      await idle('redis');
      expect(since(-1, 9_000)).toBeGreaterThanOrEqual(9);
      expect(since(IDLE_MS / 2, IDLE_MS)).toBeGreaterThanOrEqual(5);
      expect(since(IDLE_MS / 2, IDLE_MS)).toBeLessThanOrEqual(7);
    });

    it('sweeps as ever where nobody does', async () => {
      await idle('local');
      expect(since(IDLE_MS / 2, IDLE_MS)).toBeGreaterThanOrEqual(27);
    });

    it.each<[string, () => unknown]>([
      ['an announcement', () => intake.take(['01890000-0000-7000-8000-000000000009'])],
      ['word that some were lost', () => intake.lost()],
      ['the end of the connection', () => (health = { kind: 'redis', connected: false })],
    ])('sweeps as ever after %s', async (_, happens) => {
      await idle('redis');
      await happens();
      await clock.moveTo(IDLE_MS + 8_000);
      expect(since(IDLE_MS, IDLE_MS + 8_000)).toBeGreaterThanOrEqual(6);
    });
  });
});
