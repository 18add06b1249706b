import { Logger } from '@nestjs/common';
import { DurableContext } from '../../lib/index.js';
import { Mailer } from '../../sample/03-timers/mailer.js';
import { TrialService } from '../../sample/03-timers/trial.service.js';
import { TrialTerms } from '../../sample/03-timers/trial.terms.js';
import { SampleStage } from '../support/sample-stage.js';
import { until } from '../support/until.js';

interface Trial {
  readonly status: string;
  readonly dueAt: string | null;
  readonly outcome?: string;
}

describe('sample/03-timers', () => {
  let stage: SampleStage;
  beforeAll(async () => {
    stage = await SampleStage.open('03-timers', { TRIAL_REMINDER: '1500ms', TRIAL_LENGTH: '1d' });
  }, 60_000);
  afterAll(() => stage?.close());

  const start = (customer: string): Promise<string> => stage.accepted('/trials', { customer });

  it('reminds once, though the process was dead when it was time, and takes the signals of before', async () => {
    const [ada, bob] = [await start('ada'), await start('bob')];
    await stage.accepted(`/trials/${bob}/cancellation`);
    await until('ada is welcome', () => stage.printed('welcome, ada').length === 1);
    await until('ada waits', async () => (await stage.get<Trial>(`/trials/${ada}`)).status !== 'scheduled');
    await stage.kill();
    await stage.restart({ TRIAL_REMINDER: '1h', TRIAL_LENGTH: '2s' });
    await stage.process.printed('your trial ends soon, ada');
    await stage.accepted(`/trials/${ada}/subscription`);
    expect(await stage.over(`/trials/${ada}`)).toMatchObject({ status: 'completed', outcome: 'subscribed' });
    expect(await stage.over(`/trials/${bob}`)).toMatchObject({ status: 'completed', outcome: 'cancelled' });
    for (const line of ['welcome, ada', 'ends soon, ada', 'is over, ada: subscribed'])
      expect(stage.printed(line)).toHaveLength(1);
    // A mail that the kill cut short is sent again: it is the outcome that there is one of.
    expect(stage.printed('is over, bob: cancelled').length).toBeGreaterThan(0);
    expect(stage.printed('ends soon, bob')).toEqual([]);
    expect((await stage.post(`/trials/${ada}/cancellation`)).status).toBe(409);
  }, 60_000);

  it('ends by itself when nobody subscribes', async () => {
    expect(await stage.over(`/trials/${await start('cleo')}`)).toMatchObject({ outcome: 'expired' });
    expect(stage.printed('is over, cleo: expired')).toHaveLength(1);
  }, 120_000);

  it('has one trial for each customer', async () => {
    expect(await start('dora')).toBe(await start('dora'));
  });

  it('is made of classes that a unit test calls, with waits of its own', async () => {
    Logger.overrideLogger(false);
    const waits = { sleep: () => Promise.resolve(), signal: (name: string) => signals.get(name) ?? never };
    const never = new Promise<never>(() => undefined);
    const signals = new Map<string, Promise<unknown>>();
    const durable = Object.assign(new DurableContext(), waits as Partial<DurableContext>);
    const mails: string[] = [];
    const mailer = Object.assign(new Mailer(), {
      remind: (customer: string) => Promise.resolve(void mails.push(`remind ${customer}`)),
    });
    const trials = new TrialService(durable, mailer, new TrialTerms());
    setImmediate(() => mails.push('later'));
    signals.set('cancel', new Promise(resolve => setImmediate(resolve)));
    expect(await trials.run('eve')).toBe('cancelled');
    expect(mails).toEqual(['remind eve', 'later']);
  });
});
