import { judge, type Seen } from '../../scripts/demo/checks.mjs';

const FIRST = 1;
const SECOND = 2;

const GOOD: Seen = {
  executions: [
    { pid: FIRST, name: 'charge', key: 'id/0' },
    { pid: FIRST, name: 'reserve', key: 'id/1' },
    { pid: SECOND, name: 'reserve', key: 'id/1' },
    { pid: SECOND, name: 'receipt' },
  ],
  journal: [
    { name: 'PaymentGateway.charge', outcome: 'ok' },
    { name: 'WarehouseService.reserve', outcome: 'ok' },
    { name: 'receipt', outcome: 'ok' },
  ],
  killed: FIRST,
  order: { status: 'completed' },
  stopped: { code: 0, signal: null },
};

const [charge, reserve, again, receipt] = GOOD.executions as [
  Seen['executions'][0],
  Seen['executions'][0],
  Seen['executions'][0],
  Seen['executions'][0],
];

function failures(changes: Partial<Seen>): string[] {
  return judge({ ...GOOD, ...changes })
    .filter(({ passed }) => !passed)
    .map(({ text }) => text);
}

describe('the checks of the demo', () => {
  it('pass when only the step in flight at the kill ran twice', () => {
    expect(failures({})).toEqual([]);
  });

  it('pass when the step in flight was recorded just before the kill', () => {
    expect(failures({ executions: [charge, reserve, receipt] })).toEqual([]);
  });

  it.each<[string, Partial<Seen>, string]>([
    [
      'a recorded step ran again',
      { executions: [charge, reserve, { ...charge, pid: SECOND }, again, receipt] },
      'not exactly once: charge ran 2x, receipt ran 1x',
    ],
    [
      'a step is in the journal that nobody executed',
      { executions: [charge, reserve, again] },
      'not exactly once: charge ran 1x, receipt ran 0x',
    ],
    [
      'the step in flight ran a third time',
      { executions: [charge, reserve, again, again, receipt] },
      'reserve ran 3x, under 1 idempotency keys',
    ],
    [
      'the repeated step had another idempotency key',
      { executions: [charge, reserve, { ...again, key: 'id/2' }, receipt] },
      'reserve ran 2x, under 2 idempotency keys',
    ],
    [
      'something ran that the journal does not have',
      { executions: [...GOOD.executions, { pid: SECOND, name: 'refund' }] },
      'the journal lacks a result, or a step that ran: refund',
    ],
    ['the order did not complete', { order: { status: 'failed' } }, 'the order is failed'],
    [
      'the process did not end well',
      { stopped: { code: null, signal: 'SIGTERM' } },
      'asked to stop, the second process ended with SIGTERM',
    ],
  ])('fail when %s', (_what, changes, text) => {
    expect(failures(changes)).toEqual([text]);
  });
});
