import type { Published } from '../../lib/index.js';
import type { Answer } from '../support/sample-process.js';
import { SampleStage } from '../support/sample-stage.js';
import { until } from '../support/until.js';

describe('sample/11-events', () => {
  let stage: SampleStage;
  beforeAll(async () => {
    stage = await SampleStage.open('11-events');
  }, 60_000);
  afterAll(() => stage?.close());

  const signUp = (email: string, country: string): Promise<Answer> =>
    stage.post('/users', { email, country });
  const users = async (country: string): Promise<number> =>
    (await stage.get<{ users: number }>(`/countries/${country}`)).users;

  it('tells three subscribers, once each, killed right after the answer', async () => {
    const answer = await signUp('ada@example.org', 'uk');
    expect(answer.status).toBe(202);
    expect((answer.body as Published).invocations).toHaveLength(3);
    await stage.kill();
    await stage.restart();
    const again = await signUp('ada@example.org', 'uk');
    expect(again.body).toEqual(answer.body);
    await until('the second mail is sent', () => stage.printed('How do you like it?').length > 0, 20_000);
    await until('she is counted', async () => (await users('uk')) > 0, 20_000);
    await until('it is audited', () => stage.printed('audit {').length > 0, 20_000);
    expect(await users('uk')).toBe(1);
    expect(stage.printed('How do you like it?')).toHaveLength(1);
    // What the kill cut short may be said twice: it has a step of its own.
    expect(new Set(stage.printed('audit {').map(line => line.split('audit ')[1])).size).toBe(1);
  }, 60_000);

  it('counts those of one country one after the other', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => signUp(`user-${i}@example.org`, 'de')));
    await until('all are counted', async () => (await users('de')) === 20, 20_000);
  }, 60_000);

  it('answers what is wrong, and tells nobody', async () => {
    expect(await signUp('bob', '')).toMatchObject({
      status: 400,
      body: {
        message: [
          { path: 'email', messages: ['email must be an email'] },
          { path: 'country', messages: ['country should not be empty'] },
        ],
      },
    });
    expect(await signUp('ada@example.org', 'fr')).toMatchObject({ status: 409 });
    expect(stage.printed('audit {').filter(line => line.includes('bob'))).toEqual([]);
  });
});
