import { jest } from '@jest/globals';
import { form } from '../support/form.js';
import { until } from '../support/until.js';
import type { WorkerOptions } from '../../lib/index.js';
import { expectLogged, Load, mixed } from './support/load.js';
import { hasLostLease, PATIENCE_MS, Scene, type Setting } from './support/scene.js';
import { Trial } from './support/trial.js';
import { isStopped, type WorkerProcess } from './support/worker-process.js';

jest.setTimeout(Trial.timeoutMs);

const SETTINGS = form<readonly Setting[]>(['postgres', 'postgres+redis'], ['postgres+redis']);
const WORKERS = form(5, 4);
const ZOMBIES = 2;
/** What waits lets go at once, so that suspensions are among the writes; all of these deaths come from outside. */
const WORKER: WorkerOptions = {
  lease: '1s',
  sweepInterval: '100ms',
  concurrency: 15,
  residency: '50ms',
  maxDeaths: 1_000,
};
/** What a process is about to write when it is stopped; `anything`: it is stopped wherever it is. */
const WRITES = ['entry', 'outcome', 'suspended', 'accept', 'claim', 'anything'] as const;
/** Those that belong to a lease of an invocation: the fence refuses them. */
const FENCED: ReadonlySet<string> = new Set(['entry', 'outcome', 'suspended', 'accept']);

interface Zombie {
  readonly worker: WorkerProcess;
  readonly write: (typeof WRITES)[number];
  /** Lines of the ledger when it was stopped. */
  readonly from: number;
}

describe.each(SETTINGS)(
  'S02 on %s, processes that outlive their leases, two at a time, under load',
  setting => {
    const trial = new Trial('S02', `on ${setting}`);
    let scene: Scene;

    beforeAll(async () => {
      scene = await Scene.open(setting, { worker: WORKER, spare: 2, trial });
    });

    afterAll(async () => {
      await scene.close();
      trial.report();
    });

    /** Stops it right before it writes, or wherever it is. */
    async function stop(worker: WorkerProcess): Promise<Zombie> {
      const write = WRITES[trial.random.between(0, WRITES.length - 1)] ?? 'anything';
      if (write === 'anything') await worker.freeze();
      else {
        await worker.arm(`${write}:before`, trial.random.between(1, 5), 'stop');
        await scene.until(`process ${worker.pid} is stopped before ${write}`, () => isStopped(worker.pid));
      }
      return { worker, write, from: scene.ledger.lines().length };
    }

    /** Its lease is over, and what it drove belongs to others. */
    async function bury({ worker }: Zombie): Promise<void> {
      const isGone = async (): Promise<boolean> => {
        const rows = await scene.database.query(
          `select 1 from durable.worker where pid = $1
         union all select 1 from durable.invocation i where owner is not null and not exists (select from durable.worker w where w.id = i.owner)`,
          [worker.pid],
        );
        return rows.length === 0;
      };
      await scene.until(`the lease of process ${worker.pid} is over`, isGone);
    }

    /** It goes on, has what it wanted to write refused, and starts anew. */
    async function rise({ worker, write, from }: Zombie): Promise<void> {
      const losses = lossesOf(worker);
      worker.thaw();
      await until('it knows that it lost its lease', () => lossesOf(worker) > losses, PATIENCE_MS);
      if (write !== 'anything') {
        const answered = (): boolean =>
          scene.ledger
            .lines()
            .slice(from)
            .some(
              ({ what, name, pid }) => what === 'point' && pid === worker.pid && name === `${write}:after`,
            );
        await until('its write was answered', answered, PATIENCE_MS);
      }
      trial.count(`stopped before ${write}`);
      if (FENCED.has(write)) trial.count('writes refused');
    }

    /** Bodies that it began, after it was stopped, for handlers that it had begun before. */
    function begunTooLate({ worker, from }: Zombie): Map<string, number> {
      const lines = scene.ledger.lines();
      const before = new Set(
        lines
          .slice(0, from)
          .flatMap(({ what, phase, pid, token }) =>
            what === 'handler' && phase === 'start' && pid === worker.pid && token !== undefined
              ? [token]
              : [],
          ),
      );
      const late = new Map<string, number>();
      for (const { what, phase, pid, within } of lines.slice(from))
        if (
          what === 'step' &&
          phase === 'start' &&
          pid === worker.pid &&
          within !== undefined &&
          before.has(within)
        )
          late.set(within, (late.get(within) ?? 0) + 1);
      return late;
    }

    it('have their writes refused, start at most one more step each, and give both callers one outcome', async () => {
      const client = await scene.start({ worker: false });
      const fleet = await Promise.all(Array.from({ length: WORKERS }, () => scene.start()));
      const load = new Load(client, mixed, 40, async (id, number) => {
        await client.ask({ do: 'signal', id, name: 'go', value: 'came', key: `${number}` });
      });
      const zombies: Zombie[] = [];
      for (let round = 0; round === 0 || trial.goesOn(); round++) {
        const first = trial.random.between(0, WORKERS - 1);
        const victims = Array.from({ length: ZOMBIES }, (_, at) => fleet[(first + at) % WORKERS]);
        const stopped = await Promise.all(victims.flatMap(victim => (victim ? [stop(victim)] : [])));
        await Promise.all(stopped.map(bury));
        await Promise.all(stopped.map(rise));
        zombies.push(...stopped);
        await scene.progress(10);
      }
      await load.stop();
      await scene.allOver();
      await expectLogged(scene);

      const late = zombies.flatMap(zombie => [...begunTooLate(zombie).values()]);
      trial.count('steps begun by zombies', late.length === 0 ? 0 : late.reduce((sum, count) => sum + count));
      expect(Math.max(0, ...late)).toBeLessThanOrEqual(1);
      const [zombie] = zombies;
      for (const id of load.accepted) expect(await zombie?.worker.result(id)).toEqual(load.results.get(id));
      expect(zombies.map(({ worker }) => hasLostLease(worker))).not.toContain(false);
      expect(await scene.conclude(load)).toEqual([]);
    });
  },
);

function lossesOf({ log }: WorkerProcess): number {
  return log.split('renewed its lease too late and lost it').length - 1;
}
