import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import {
  type DurableClient,
  DurableEvent,
  DurableService,
  Handler,
  OnDurableEvent,
} from '../../lib/index.js';
import { Trial } from '../faults/support/trial.js';
import { form } from '../support/form.js';
import { Recorder } from '../support/recorder.js';
import { SharedStage, type SharedApplication } from '../support/shared-stage.js';
import { until } from '../support/until.js';

jest.setTimeout(300_000);

const WRITERS = form(1_000, 150);
const CONNECTIONS = 30;
/** What was written first is committed up to so much later, and so among the last. */
const LATEST_MS = 2_000;

@DurableEvent('parcel.sent')
class ParcelSent {
  readonly what!: string;
}

@DurableService()
class Parcels {
  constructor(private readonly recorder: Recorder) {}

  @Handler()
  async take(what: string): Promise<void> {
    this.recorder.note(what);
  }

  @OnDurableEvent(ParcelSent)
  async hear({ what }: ParcelSent): Promise<void> {
    this.recorder.note(`heard of ${what}`);
  }
}

/** All ids, page by page, as an operator sees them. */
async function listed(client: DurableClient): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.list({
      service: 'Parcels',
      limit: 40,
      ...(cursor !== undefined && { cursor }),
    });
    ids.push(...page.items.map(({ id }) => id));
    ({ cursor } = page);
  } while (cursor !== undefined);
  return ids;
}

describe('S16 what is committed late, below what was read already', () => {
  const trial = new Trial('S16', 'transactions of the application');
  let stage: SharedStage;
  let sender: SharedApplication;
  let worker: SharedApplication;

  beforeAll(async () => {
    stage = await SharedStage.open('PostgreSQL');
    const providers = [Parcels, Recorder];
    // Two processes without Redis: the worker hears of nothing, and finds all by looking.
    sender = await stage.start({ providers, typeorm: { poolSize: CONNECTIONS }, durable: { worker: false } });
    worker = await stage.start({ providers, durable: { worker: { sweepInterval: 20 } } });
  });
  afterAll(async () => {
    await stage.close();
    trial.report();
  });

  it('is missed by nobody: not by workers, not by those who wait for it, not in a list', async () => {
    const { client, dataSource } = sender;
    const { random } = trial;
    const results: Promise<unknown>[] = [];
    const write = async (
      what: string,
      startsInMs: number,
      takesMs: number,
      isEvent: boolean,
    ): Promise<void> => {
      await sleep(startsInMs);
      const id = await dataSource.transaction(async () => {
        if (isEvent) await client.publish(ParcelSent, { what });
        const sent = isEvent ? undefined : await client.send(Parcels).take(what);
        await sleep(takesMs);
        return sent?.id;
      });
      if (id !== undefined) results.push(client.get(id).result());
    };
    const names = Array.from({ length: WRITERS }, (_, index) => `parcel ${index}`);
    const lasting = (names.length / CONNECTIONS) * (LATEST_MS / 2);
    const writing = Promise.all(
      names.map((what, index) =>
        write(what, random.between(0, lasting), random.between(0, LATEST_MS), index % 5 === 0),
      ),
    );
    let isOver = false;
    const reading = (async () => {
      for (; !isOver; trial.count('lists read meanwhile')) {
        const ids = await listed(client);
        expect(new Set(ids).size).toBe(ids.length);
        await sleep(20);
      }
    })();
    const expected = names.map((what, index) => (index % 5 === 0 ? `heard of ${what}` : what));
    const { events } = worker.app.get(Recorder);
    const missing = (): string => expected.filter(what => !events.includes(what)).join(', ');
    try {
      await writing;
      trial.count('late commits', WRITERS);
      await until('all are there', () => events.length >= WRITERS, 30_000, missing);
      await Promise.all(results);
    } finally {
      isOver = true;
    }
    await reading;
    expect([...events].sort()).toEqual([...expected].sort());
    expect(await listed(client)).toHaveLength(WRITERS);
  });
});
