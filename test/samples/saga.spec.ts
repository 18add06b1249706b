import { SampleStage } from '../support/sample-stage.js';
import { until } from '../support/until.js';

interface TripStatus {
  readonly status: string;
  readonly error?: string;
  readonly cause?: string;
  readonly trip?: object;
}

describe('sample/08-saga', () => {
  let stage: SampleStage;
  beforeAll(async () => {
    stage = await SampleStage.open('08-saga', { AIRLINE: 'down' });
  }, 60_000);
  afterAll(() => stage?.close());

  const book = (city: string, traveller: string): Promise<string> =>
    stage.accepted('/trips', { city, traveller });
  const paused = (id: string) =>
    until(
      `${id} is paused`,
      async () => (await stage.get<TripStatus>(`/trips/${id}`)).status === 'paused',
      20_000,
    );

  it('books, with nothing to undo', async () => {
    const trip = { ticket: 'Rome-ada', room: 7 };
    const id = await book('Rome', 'ada');
    expect(await stage.over(`/trips/${id}`)).toMatchObject({ status: 'completed', trip });
    expect((await stage.post(`/trips/${id}/skip`)).status).toBe(409);
  });

  it('is paused where it cannot be undone; after a kill -9 and a resumption it is undone once', async () => {
    const [id, other] = [await book('Atlantis', 'ada'), await book('Atlantis', 'bob')];
    await Promise.all([paused(id), paused(other)]);
    expect(await stage.get(`/trips/${id}`)).toMatchObject({
      error: expect.stringContaining('Airline.buy') as string,
      cause: 'the airline does not answer',
    });
    await stage.kill();
    await stage.restart();
    expect((await stage.post(`/trips/${id}/resume`)).status).toBe(202);
    expect((await stage.post(`/trips/${other}/skip`)).status).toBe(202);
    for (const trip of [id, other]) {
      expect(await stage.over(`/trips/${trip}`)).toMatchObject({
        status: 'failed',
        error: 'there is no hotel in Atlantis',
      });
    }
    expect(stage.printed('gave back ticket')).toEqual([
      expect.stringContaining('gave back ticket Atlantis-ada (once)'),
    ]);
    for (const name of ['ada', 'bob']) {
      expect(stage.printed(`${name}, your trip to Atlantis is off`)).toHaveLength(1);
    }
    expect((await stage.post(`/trips/${id}/resume`)).status).toBe(409);
  }, 60_000);
});
