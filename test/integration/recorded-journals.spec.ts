import { readFileSync } from 'node:fs';
import { RECORDED_AT_CALL } from '../../lib/engine/entry.js';
import { Applications, type Running } from '../support/applications.js';
import { effects, Golden, GoldenChild, GoldenObject } from '../support/golden-handlers.js';
import {
  type GoldenJournal,
  goldenReleases,
  layGolden,
  readGolden,
  takeGolden,
  writeGolden,
} from '../support/golden-journals.js';
import { until } from '../support/until.js';

/** `DURABLE_RECORD_JOURNALS=1` writes the journals of the current release; a release that is out keeps its own. */
const IS_RECORDING = process.env.DURABLE_RECORD_JOURNALS === '1';
const PROVIDERS = [Golden, GoldenChild, GoldenObject];
const CURRENT = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;

let applications: Applications;
beforeAll(async () => {
  applications = await Applications.open();
});
afterAll(() => applications.close());

const query: Applications['query'] = (text, values) => applications.query(text, values);

/** Invokes every handler once. */
async function record({ client, schema }: Running): Promise<GoldenJournal[]> {
  const cancelled = await client.send(Golden).cancelled();
  await until('it waits', async () => (await client.query(cancelled.id, 'waits')) === true);
  await client.cancel(cancelled.id);
  const handles = [
    await client.send(Golden).steps('x'),
    await client.send(Golden).together(),
    await client.send(Golden).waits(),
    await client.send(Golden).others(),
    await client.send(Golden).sources(),
    await client.send(Golden).saga('well'),
    await client.send(Golden).saga('badly'),
    await client.send(GoldenObject, { key: 'k' }).states(),
    cancelled,
  ];
  await Promise.allSettled(handles.map(handle => handle.result({ timeout: '20s' })));
  return Promise.all(handles.map(({ id }) => takeGolden(query, schema, id)));
}

if (IS_RECORDING) {
  it('records the journals of this release', async () => {
    writeGolden(CURRENT, await record(await applications.start({ providers: PROVIDERS })));
  });
} else {
  describe.each(goldenReleases())('S30 the journals that release %s has recorded', release => {
    const journals = readGolden(release);
    let running: Running;
    beforeAll(async () => {
      running = await applications.start({ providers: PROVIDERS });
    });
    beforeEach(() => effects.splice(0));

    it('have every kind of entry', () => {
      if (release !== CURRENT) return;
      const kinds = new Set(journals.flatMap(({ entries }) => entries.map(({ kind }) => kind)));
      expect([...kinds].sort()).toEqual(Object.keys(RECORDED_AT_CALL).sort());
    });

    it.each(journals.map((journal, at) => [`${journal.what} (${at})`, journal] as const))(
      'are replayed by this one to the outcome that they had, with no effect: %s',
      async (_, golden) => {
        const { client, schema, rows } = running;
        const id = String(golden.invocation.id);
        const before = await rows();
        await layGolden(query, schema, golden);
        await until('it has come to rest', async () => isAtRest((await client.get(id).status()).status));
        const now = await takeGolden(query, schema, id);
        expect(outcomeOf(now, running)).toEqual(outcomeOf(golden, running));
        expect(effects).toEqual([]);
        expect(now.entries.map(withoutAttempt)).toEqual(golden.entries.map(withoutAttempt));
        expect((await rows()).invocations).toBe(before.invocations + 1);
      },
    );
  });
}

function isAtRest(status: string): boolean {
  return ['completed', 'failed', 'cancelled', 'paused', 'backing_off'].includes(status);
}

/** How an invocation ended. An error has another stack on a replay. */
function outcomeOf({ invocation }: GoldenJournal, { backend }: Running): unknown {
  const { status, output, error } = invocation as Record<string, string | null>;
  if (!error) return { status, output };
  const { name, message } = backend.errors.decode(error);
  return { status, output, name, message };
}

/** What a replay leaves as it is; the ending of a saga has the stack of its error. */
function withoutAttempt({ epoch: _, value, ...entry }: GoldenJournal['entries'][number]): object {
  return entry.kind === 'saga' ? entry : { ...entry, value };
}
