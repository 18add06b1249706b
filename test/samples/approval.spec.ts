import type { ExecutionContext } from '@nestjs/common';
import { WebhookGuard } from '../../sample/06-approval/webhook.guard.js';
import type { Answer } from '../support/sample-process.js';
import { SampleStage } from '../support/sample-stage.js';
import { until } from '../support/until.js';

const SECRET = { WEBHOOK_SECRET: 'open sesame' };
const LEAD = 'to lead@example.com';
const DIRECTOR = 'to director@example.com';

interface PurchaseStatus {
  readonly status: string;
  readonly error?: string;
  readonly waitingFor?: string;
  readonly comments?: readonly string[];
  readonly purchase?: object;
}

describe('sample/06-approval', () => {
  let stage: SampleStage;
  beforeAll(async () => {
    stage = await SampleStage.open('06-approval', SECRET);
  }, 60_000);
  afterAll(() => stage?.close());

  const request = (item: string): Promise<string> => stage.accepted('/purchases', { item, amount: 900 });
  /** The id of the awakeable, as the mail has it. */
  const asked = async (item: string, whom = LEAD): Promise<string> => {
    const mails = (): string[] => stage.printed(`${whom}: may we buy ${item} `);
    await until(`${item} is asked for`, () => mails().length > 0, 15_000);
    expect(mails()).toHaveLength(1);
    return /approvals\/(\S+)$/.exec(mails()[0] as string)?.[1] as string;
  };
  const answer = (id: string, body: object, secret = SECRET.WEBHOOK_SECRET): Promise<Answer> =>
    stage.post(`/webhooks/approvals/${id}`, body, { 'x-webhook-secret': secret });
  const YES = { approved: true, by: 'lea' };

  it('waits through a kill -9 for its approval, with the comments of before and after', async () => {
    const id = await request('a chair');
    const awakeable = await asked('a chair');
    await stage.accepted(`/purchases/${id}/comments`, { text: 'mine is broken' });
    await stage.kill();
    await stage.restart(SECRET);
    await stage.accepted(`/purchases/${id}/comments`, { text: 'I stand' });
    const look = (): Promise<PurchaseStatus> => stage.get(`/purchases/${id}`);
    await until('both comments are there', async () => (await look()).comments?.length === 2, 15_000);
    expect((await answer(awakeable, YES)).status).toBe(202);
    const purchase = { item: 'a chair', by: 'lea', comments: ['mine is broken', 'I stand'] };
    expect(await stage.over(`/purchases/${id}`)).toMatchObject({ status: 'completed', purchase });
    expect(await asked('a chair')).toBe(awakeable);
    // As webhooks are wont to be sent: the same answer again is no error, another one changes nothing.
    expect((await answer(awakeable, YES)).status).toBe(202);
    expect((await answer(awakeable, { approved: true, by: 'dana' })).status).toBe(409);
  }, 60_000);

  it('fails with the reason of who says no; what is answered later changes nothing', async () => {
    const id = await request('a yacht');
    const awakeable = await asked('a yacht');
    const no = { approved: false, by: 'lea', reason: 'no sea' };
    expect((await answer(awakeable, no)).status).toBe(202);
    expect(await stage.over(`/purchases/${id}`)).toMatchObject({
      status: 'failed',
      error: 'lea says no: no sea',
    });
    expect((await answer(awakeable, YES)).status).toBe(409);
    expect((await stage.post(`/purchases/${id}/comments`, { text: 'oh' })).status).toBe(409);
  });

  it('lets nobody answer without the secret, nor under an id that is none', async () => {
    const id = await request('a lamp');
    const awakeable = await asked('a lamp');
    expect((await answer(awakeable, YES, 'guess')).status).toBe(403);
    expect((await stage.post(`/webhooks/approvals/${awakeable}`, YES)).status).toBe(403);
    expect((await answer('garbage', YES)).status).toBe(404);
    expect(await stage.get(`/purchases/${id}`)).toMatchObject({ waitingFor: 'lead@example.com' });
  });

  it('asks the next one when the first does not answer in time', async () => {
    await stage.kill();
    await stage.restart({ ...SECRET, APPROVAL_PATIENCE: '1s' });
    const id = await request('a desk');
    const first = await asked('a desk');
    const second = await asked('a desk', DIRECTOR);
    expect((await answer(first, YES)).status).toBe(409);
    expect((await answer(second, { approved: true, by: 'dana' })).status).toBe(202);
    expect(await stage.over(`/purchases/${id}`)).toMatchObject({ purchase: { by: 'dana' } });
    const nobody = await stage.over<PurchaseStatus>(`/purchases/${await request('a rug')}`);
    expect(nobody).toMatchObject({ status: 'failed', error: 'nobody answered' });
  }, 60_000);

  it('has a guard that a unit test calls: without a secret nobody comes in', () => {
    const guard = new WebhookGuard();
    const headers = { 'x-webhook-secret': '' };
    const context = { switchToHttp: () => ({ getRequest: () => ({ headers }) }) } as ExecutionContext;
    expect(guard.canActivate(context)).toBe(false);
  });
});
