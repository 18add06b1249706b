import { Logger } from '@nestjs/common';
import { DurableContext } from '../../lib/index.js';
import { objectState } from '../../lib/testing/index.js';
import { Concert, type ConcertState } from '../../sample/05-virtual-object/concert.js';
import { Payments } from '../../sample/05-virtual-object/payments.js';
import type { Answer } from '../support/sample-process.js';
import { SampleStage } from '../support/sample-stage.js';
import { until } from '../support/until.js';

const GUESTS = Array.from({ length: 100 }, (_, i) => `guest-${i}`);
const SEATS = 60;

describe('sample/05-virtual-object', () => {
  let stage: SampleStage;
  beforeAll(async () => {
    stage = await SampleStage.open('05-virtual-object');
  }, 60_000);
  afterAll(() => stage?.close());

  const announce = (name: string, seats: number): Promise<Answer> =>
    stage.post(`/concerts/${name}`, { seats });
  const reserve = (name: string, guest: string): Promise<Answer> =>
    stage.post(`/concerts/${name}/reservations`, { guest });
  const seats = async (name: string): Promise<readonly (string | null)[]> =>
    (await stage.get<ConcertState>(`/concerts/${name}`)).seats;

  it('never sells a seat twice to a hundred at once, killed in the middle', async () => {
    await announce('opera', SEATS);
    const cut = GUESTS.map(guest => reserve('opera', guest).catch(() => undefined));
    await until('a third is sold', () => stage.printed('charge guest').length > SEATS / 3, 15_000);
    await stage.kill();
    await Promise.all(cut);
    await stage.restart();
    const answers = await Promise.all(GUESTS.map(guest => reserve('opera', guest)));
    const sold = answers
      .filter(({ status }) => status === 201)
      .map(({ body }) => (body as { seat: number }).seat);
    expect(sold.sort((a, b) => a - b)).toEqual(Array.from({ length: SEATS }, (_, i) => i));
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(GUESTS.length - SEATS);
    expect(new Set(await seats('opera')).size).toBe(SEATS);
    // The charge that the kill cut short is repeated under the same key. Whoever was charged has a seat.
    const keys = stage.printed('charge guest').map(line => / (guest-\d+ for seat .*)$/.exec(line)?.[1]);
    expect(new Set(keys).size).toBe(SEATS);
    expect(keys.length).toBeLessThanOrEqual(SEATS + 1);
  }, 60_000);

  it('keeps each concert apart, and answers 409 where one does not want', async () => {
    await announce('ballet', 1);
    expect(await reserve('ballet', 'ada')).toMatchObject({ status: 201, body: { seat: 0 } });
    expect(await reserve('ballet', 'ada')).toMatchObject({ status: 201, body: { seat: 0 } });
    expect(await reserve('ballet', 'bob')).toMatchObject({ status: 409, body: { message: 'sold out' } });
    expect((await announce('ballet', 5)).status).toBe(409);
  });

  it('lets the box office read and edit the seats by hand', async () => {
    await announce('recital', 2);
    const assign = (seat: number, body: object): Promise<Answer> =>
      stage.process.request('PUT', `/concerts/recital/seats/${seat}`, body);
    expect((await assign(0, { guest: 'the mayor' })).status).toBe(200);
    expect(await reserve('recital', 'ada')).toMatchObject({ body: { seat: 1 } });
    expect((await assign(0, {})).status).toBe(200);
    expect(await seats('recital')).toEqual([null, 'ada']);
    expect((await assign(2, {})).status).toBe(404);
  });

  it('is made of classes that a unit test calls, on a state of its own', async () => {
    Logger.overrideLogger(false);
    const state = objectState<ConcertState>({ seats: ['ada', null] });
    const concert = new Concert(state, new Payments(new DurableContext()));
    expect(await concert.reserve('bob')).toBe(1);
    await expect(concert.reserve('cleo')).rejects.toThrow('sold out');
    expect(await concert.seats()).toEqual(['ada', 'bob']);
    expect(state.get('seats')).toEqual(['ada', 'bob']);
  });
});
