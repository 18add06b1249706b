import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { AppProcess } from '../support/app-process.js';
import { copyEmbedded } from '../support/embedded-template.js';
import { createScratchDatabase } from '../support/scratch-database.js';
import { until } from '../support/until.js';
import { type DirectDatabase, embeddedDatabase, postgresDatabase } from './support/database.js';
import { isStopped } from './support/worker-process.js';
import { Trial } from './support/trial.js';

jest.setTimeout(240_000);

const KILLS = [
  { how: 'step', point: 'transaction:begun' },
  { how: 'step', point: 'transaction:done' },
  { how: 'step', point: 'transaction:fenced' },
  { how: 'step', point: 'transaction:sent' },
  { how: 'step', point: 'transaction:committed' },
  { how: 'step', point: 'outcome:before' },
  { how: 'transaction', point: 'sent' },
  { how: 'transaction', point: 'subscriber' },
  { how: 'transaction', point: 'returned' },
] as const;
/** Each with a database of its own. */
const CHAINS = 3;
const SETTINGS = ['postgres', 'embedded'] as const;
type Setting = (typeof SETTINGS)[number];
type Kill = (typeof KILLS)[number];

/** Without a server there is less between the process and its database: `DURABLE_TEST_FULL=1` kills everywhere there, too. */
const ON_EMBEDDED: readonly string[] = ['transaction:fenced', 'transaction:sent', 'subscriber'];
const killsOn = (setting: Setting): readonly Kill[] =>
  setting === 'postgres' || process.env.DURABLE_TEST_FULL === '1'
    ? KILLS
    : KILLS.filter(({ point }) => ON_EMBEDDED.includes(point));

interface Place {
  readonly address: object;
  readonly database: DirectDatabase;
  remove(): Promise<void>;
}

async function open(setting: Setting): Promise<Place> {
  if (setting === 'postgres') {
    const { url, drop } = await createScratchDatabase();
    return { address: { url }, database: postgresDatabase(url), remove: drop };
  }
  const directory = await mkdtemp(join(tmpdir(), 'durable-bookings-'));
  await copyEmbedded(directory);
  const remove = () => rm(directory, { recursive: true, force: true });
  return { address: { directory }, database: embeddedDatabase(directory), remove };
}

/** What is left in the end: the rows of the application, and what the library recorded of those that were to be written. */
interface Left {
  readonly rows: readonly { readonly id: number; readonly what: string }[];
  readonly entries: readonly { readonly what: string; readonly outcome: string; readonly value: string }[];
}

async function read({ database }: Place): Promise<Left> {
  const rows = await database.query<Left['rows'][number]>('select id, what from booking order by id');
  const entries = await database.query<Left['entries'][number]>(
    `select i.input::json->>0 as what, e.outcome, e.value
     from durable.entry e join durable.invocation i on i.id = e.invocation_id where i.status = 'completed'`,
  );
  return { rows, entries };
}

const keyOf = ({ how, point }: Kill): string => `${how} ${point}`;

describe('S03 a process with transactions of the application', () => {
  const trial = new Trial('S03', 'in transactions of the application');
  const left = new Map<Setting, Left[]>();
  const places: Place[] = [];

  /** One process after the other: each finishes what it finds, begins something, and is killed. */
  async function chain(setting: Setting, kills: readonly Kill[]): Promise<Left> {
    const place = await open(setting);
    places.push(place);
    for (const kill of kills) {
      const { how, point } = kill;
      const begin = { key: keyOf(kill), how };
      const worker = await AppProcess.start('booking-worker', {
        ...place.address,
        begin,
        fault: { point, action: 'kill' },
      });
      const exit = await worker.exited;
      if (exit.signal !== 'SIGKILL')
        throw new Error(`${begin.key} ended with ${exit.code}:\n${worker.printed}`);
      trial.total('worker kills');
    }
    const last = await AppProcess.start('booking-worker', place.address);
    const { code } = await last.exited;
    if (code !== 0) throw new Error(`the last one ended with ${code}:\n${last.printed}`);
    return read(place);
  }

  async function chains(setting: Setting): Promise<void> {
    const kills = killsOn(setting);
    const shares = Array.from({ length: CHAINS }, (_, at) => kills.filter((__, i) => i % CHAINS === at));
    left.set(setting, await Promise.all(shares.map(share => chain(setting, share))));
  }

  // All at once: most of the time goes by in waiting for leases.
  beforeAll(() => Promise.all(SETTINGS.map(chains)));
  afterAll(async () => {
    for (const { database, remove } of places) {
      await database.close();
      await remove();
    }
    trial.report();
  });

  describe.each(SETTINGS)('on %s, killed', setting => {
    it.each(killsOn(setting))('in a $how at $point: row, entry and send agree', kill => {
      const found = left.get(setting) ?? [];
      const [rows, entries] = [found.flatMap(one => one.rows), found.flatMap(one => one.entries)];
      const key = keyOf(kill);
      trial.count('commit points');
      // Killed before its commit, what belonged to no invocation never was.
      const times = key === 'transaction sent' ? 0 : 1;
      const written = rows.filter(({ what }) => what === key);
      const mailed = rows.filter(({ what }) => what === `mail ${key}`);
      expect([written.length, mailed.length]).toEqual([times, times]);
      const recorded = entries.filter(({ what }) => what === key || what === `mail ${key}`);
      const own = kill.how === 'step' ? written : [];
      expect(recorded.map(({ outcome, value }) => [outcome, value]).sort()).toEqual(
        [...own, ...mailed].map(({ id }) => ['ok', `${id}`]).sort(),
      );
    });
  });
});

describe('S02 a process that is stopped in a transaction of the application', () => {
  const trial = new Trial('S02', 'in transactions of the application');

  afterAll(() => trial.report());

  it.each(['transaction:done', 'transaction:fenced'])(
    'at %s and goes on after another took over commits nothing more',
    async point => {
      const place = await open('postgres');
      let zombie: AppProcess | undefined;
      try {
        const begin = { key: 'late', how: 'step' };
        zombie = await AppProcess.start('booking-worker', {
          ...place.address,
          begin,
          fault: { point, action: 'stop' },
        });
        const { pid } = zombie;
        await until('it is stopped', () => isStopped(pid), 60_000);
        const heir = await AppProcess.start('booking-worker', place.address);
        expect(await heir.exited).toMatchObject({ code: 0 });
        const before = await read(place);
        expect(before.rows.map(({ what }) => what)).toEqual(['late', 'mail late']);
        zombie.signal('SIGCONT');
        trial.total('worker stops');
        const { code } = await zombie.exited;
        if (code !== 0) throw new Error(`the zombie ended with ${code}:\n${zombie.printed}`);
        expect(await read(place)).toEqual(before);
      } finally {
        await zombie?.kill();
        await place.database.close();
        await place.remove();
      }
    },
  );
});
