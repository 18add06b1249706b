import { SampleStage } from '../support/sample-stage.js';
import { until } from '../support/until.js';

interface Schedule {
  readonly name: string;
  readonly cron: string;
  readonly isPaused: boolean;
  readonly nextAt: string | null;
}

const EACH_SECOND = { REPORT_CRON: '* * * * * *' };

describe('sample/09-schedule', () => {
  let stage: SampleStage;
  beforeAll(async () => {
    stage = await SampleStage.open('09-schedule', EACH_SECOND);
  }, 60_000);
  afterAll(() => stage?.close());

  const periods = (region: string): string[] =>
    stage.printed(`report of ${region} for `).map(line => line.slice(line.indexOf(' for ') + 5));
  const schedule = async (name: string): Promise<Schedule | undefined> =>
    (await stage.get<Schedule[]>('/schedules')).find(one => one.name === name);

  it('builds a report at each slot, once, also after a kill, and makes up for one that was missed', async () => {
    await until('there are two', () => periods('everywhere').length >= 2, 20_000);
    await stage.kill();
    const died = Date.now();
    await new Promise(resolve => setTimeout(resolve, 1_500));
    await stage.restart(EACH_SECOND);
    const started = Date.now();
    await until('there are more', () => periods('everywhere').some(at => Date.parse(at) > started), 20_000);
    const all = periods('everywhere');
    // A report that the kill cut short is written again: it is the invocation that there is one of.
    const later = all.filter(at => Date.parse(at) > died);
    expect(later).toEqual([...new Set(later)]);
    expect(all.filter(at => !at.endsWith('.000Z'))).toEqual([]);
  }, 60_000);

  it('has schedules that are made, paused, triggered and deleted over HTTP', async () => {
    const eu = { name: 'eu', cron: '0 3 * * *', region: 'eu' };
    expect((await stage.post('/schedules', eu)).status).toBe(201);
    expect((await stage.post('/schedules', eu)).status).toBe(409);
    expect(await schedule('eu')).toMatchObject({ cron: '0 3 * * *', isPaused: false });
    expect((await stage.post('/schedules/eu/pause')).status).toBe(200);
    expect(await schedule('eu')).toMatchObject({ isPaused: true, nextAt: null });
    const { body } = await stage.post('/schedules/eu/trigger');
    expect(periods('eu')).toEqual([(body as { period: string }).period]);
    expect((await stage.post('/schedules/eu/resume')).status).toBe(200);
    expect((await schedule('eu'))!.nextAt).toMatch(/T03:00:00.000Z$/);
    expect((await stage.post('/schedules', { ...eu, name: 'never', cron: '0 0 30 2 *' })).status).toBe(400);
    expect((await stage.post('/schedules/other/trigger')).status).toBe(404);
    expect((await stage.process.request('DELETE', '/schedules/eu')).status).toBe(200);
    expect((await stage.process.request('DELETE', '/schedules/nightly')).status).toBe(409);
    expect(await schedule('eu')).toBeUndefined();
  }, 120_000);
});
