import { Logger } from '@nestjs/common';
import { DurableContext } from '../../lib/index.js';
import { ShopService } from '../../sample/04-fan-out/shop.service.js';
import { SampleStage } from '../support/sample-stage.js';
import { until } from '../support/until.js';

const SHOPS = [
  'graz',
  'linz',
  'wels',
  'closed-enns',
  'steyr',
  'krems',
  'melk',
  'bregenz',
  'villach',
  'spittal',
];
/** Of what they take in, 10 EUR in the first hour, 20 in the second … */
const TOTAL = SHOPS.filter(shop => !shop.startsWith('closed')).reduce(
  (sum, { length }) => sum + 5 * length * (length + 1),
  0,
);

interface ReportStatus {
  readonly status: string;
  readonly progress?: { readonly answered: readonly string[]; readonly of: number };
  readonly report?: { readonly total: number; readonly missing: Record<string, string> };
}

describe('sample/04-fan-out', () => {
  let stage: SampleStage;
  beforeAll(async () => {
    stage = await SampleStage.open('04-fan-out');
  }, 60_000);
  afterAll(() => stage?.close());

  it('goes on after a kill -9 with those who have not answered, and asks nobody else again', async () => {
    const id = await stage.accepted('/reports', { title: 'november', shops: SHOPS });
    const reader = await stage.accepted(`/reports/${id}/readers`, { email: 'ada@example.com' });
    const answered = async (): Promise<readonly string[]> =>
      (await stage.get<ReportStatus>(`/reports/${id}`)).progress?.answered ?? [];
    await until('four have answered', async () => (await answered()).length >= 4, 15_000);
    const before = await answered();
    expect(before.length).toBeLessThan(SHOPS.length);
    await stage.kill();
    await stage.restart();
    const { status, progress, report } = await stage.over<ReportStatus>(`/reports/${id}`);
    expect(status).toBe('completed');
    expect(report?.total).toBe(TOTAL);
    expect(report?.missing).toEqual({ 'closed-enns': 'closed-enns does not exist any more' });
    expect(progress?.answered.slice(0, before.length)).toEqual(before);
    expect([...(progress?.answered ?? [])].sort()).toEqual([...SHOPS].sort());
    for (const shop of before) expect(stage.process.count(`ask ${shop} `)).toBe(0);
    await stage.over(`/reports/${reader}`);
    expect(stage.printed(`mail to ada@example.com: ${TOTAL} EUR`)).toHaveLength(1);
    await until('it is archived', () => stage.printed(`archived november: ${TOTAL} EUR`).length === 1);
    const children = await stage.get<{ handler: string; status: string }[]>(`/reports/${id}/children`);
    expect(children).toHaveLength(SHOPS.length + 1);
    expect(children.filter(child => child.status === 'failed')).toHaveLength(1);
  }, 60_000);

  it('mails a report that is ready already', async () => {
    const id = await stage.accepted('/reports', { title: 'small', shops: ['wels'] });
    await stage.over(`/reports/${id}`);
    await stage.over(
      `/reports/${await stage.accepted(`/reports/${id}/readers`, { email: 'bob@example.com' })}`,
    );
    expect(stage.printed('mail to bob@example.com: 100 EUR')).toHaveLength(1);
  }, 120_000);

  it('is made of classes that a unit test calls', async () => {
    Logger.overrideLogger(false);
    const shops = new ShopService(new DurableContext());
    expect(await shops.turnover('graz')).toBe(100);
    await expect(shops.turnover('closed-graz')).rejects.toThrow('closed-graz does not exist any more');
  });
});
