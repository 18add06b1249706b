import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RedisServer, startRedis } from '../../scripts/servers.mjs';
import { type Answer, SampleProcess } from '../support/sample-process.js';
import { createScratchDatabase, type ScratchDatabase } from '../support/scratch-database.js';
import { until } from '../support/until.js';

const TRIP = { from: 'Vienna', to: 'Lisbon', nights: 4 };

interface Trip {
  readonly status: string;
  readonly deaths: number;
  readonly itinerary?: { readonly flight: string; readonly hotel: string; readonly car: string };
}

describe('sample/02-microservice', () => {
  let directory: string;
  let database: ScratchDatabase;
  let redis: RedisServer;
  let api: SampleProcess;
  const workers: SampleProcess[] = [];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'nestjs-durable-trips-'));
    [database, redis] = await Promise.all([createScratchDatabase(), startRedis()]);
    [api] = await Promise.all([start('api'), startWorker(), startWorker()]);
  }, 60_000);

  afterAll(async () => {
    await Promise.all([api, ...workers].map(process => process?.kill('SIGKILL')));
    await redis?.stop();
    await database?.drop();
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  });

  const start = (part: string): Promise<SampleProcess> =>
    SampleProcess.start(`02-microservice/${part}`, directory, {
      POSTGRES_URL: database.url,
      REDIS_URL: redis.url,
    });

  async function startWorker(): Promise<void> {
    workers.push(await start('worker'));
  }

  const post = (path: string, trip: object): Promise<Answer> =>
    api.request('POST', path, { ...TRIP, ...trip });
  const idOf = ({ body }: Answer): string => (body as { id: string }).id;
  const look = async (id: string): Promise<Trip> => (await api.request('GET', `/trips/${id}`)).body as Trip;

  async function finished(id: string, ms: number): Promise<Trip> {
    await until('the trip is booked', async () => (await look(id)).status === 'completed', ms);
    return look(id);
  }

  /** The worker that books something, as it begins to. */
  async function busyWith(booking: string): Promise<SampleProcess> {
    await until(
      `${booking} is being booked`,
      () => workers.some(worker => worker.count(booking) > 0),
      20_000,
    );
    return workers.find(worker => worker.count(booking) > 0) as SampleProcess;
  }

  /** How often a booking was begun, by any worker. */
  const begun = (booking: string): number =>
    workers.reduce((sum, worker) => sum + worker.lines.filter(isBeginOf(booking)).length, 0);

  it('dispatches from an API without the classes, and waits for what it asks', async () => {
    const quote = await post('/trips/quote', { number: 'quoted' });
    expect(quote).toEqual({ status: 200, body: { euros: 560 } });
    const bad = await post('/trips', { number: 'bad', nights: 0 });
    expect(bad.status).toBe(400);
  });

  it('books a trip once under its number, and refuses another trip under it', async () => {
    const [first, again] = [
      await post('/trips', { number: 'once' }),
      await post('/trips', { number: 'once' }),
    ];
    expect(first.status).toBe(202);
    expect(idOf(again)).toBe(idOf(first));
    expect((await post('/trips', { number: 'once', nights: 5 })).status).toBe(409);
    const { itinerary } = await finished(idOf(first), 20_000);
    expect(itinerary).toMatchObject({ flight: expect.stringMatching(/^flight-/) as string });
    expect(['flight', 'hotel', 'car'].map(kind => begun(`${kind} of trip once`))).toEqual([1, 1, 1]);
  });

  it('goes on at once on the other worker when one is stopped, without repeating a booking', async () => {
    const id = idOf(await post('/trips', { number: 'stopped' }));
    const worker = await busyWith('hotel of trip stopped');
    expect(await worker.kill('SIGTERM')).toBe(0);
    const since = performance.now();
    expect(await finished(id, 10_000)).toMatchObject({ deaths: 0 });
    expect(performance.now() - since).toBeLessThan(4_500);
    expect(['flight', 'hotel', 'car'].map(kind => begun(`${kind} of trip stopped`))).toEqual([1, 1, 1]);
    expect(worker.count('car of trip stopped')).toBe(0);
  });

  it('goes on when a worker is killed, and repeats only the booking that was cut short', async () => {
    await startWorker();
    const id = idOf(await post('/trips', { number: 'killed' }));
    const worker = await busyWith('hotel of trip killed');
    expect(await worker.kill('SIGKILL')).toBe('SIGKILL');
    await finished(id, 20_000);
    expect(['flight', 'hotel', 'car'].map(kind => begun(`${kind} of trip killed`))).toEqual([1, 2, 1]);
  });

  it('accepts trips while there is no worker', async () => {
    await Promise.all(workers.map(worker => worker.kill('SIGTERM')));
    const id = idOf(await post('/trips', { number: 'early' }));
    expect((await look(id)).status).toBe('scheduled');
    await startWorker();
    expect((await finished(id, 10_000)).itinerary).toBeDefined();
  });
});

function isBeginOf(booking: string): (line: string) => boolean {
  return line => line.includes(booking) && line.includes('idempotency key');
}
