import fc from 'fast-check';
import { slotsOf } from '../../../lib/options/slots.js';

/** Slots after a moment, as UTC instants. */
function slots(cron: string, timeZone: string, after: string, count: number): string[] {
  const next = slotsOf({ cron, timeZone });
  const found: string[] = [];
  for (let at: number | undefined = Date.parse(after); found.length < count;) {
    at = next(at);
    if (at === undefined) break;
    found.push(new Date(at).toISOString().replace(':00.000Z', 'Z'));
  }
  return found;
}

const BERLIN = 'Europe/Berlin';
const NEW_YORK = 'America/New_York';
const LONDON = 'Europe/London';
const SAO_PAULO = 'America/Sao_Paulo';
const LORD_HOWE = 'Australia/Lord_Howe';
const KOLKATA = 'Asia/Kolkata';

/**
 * Pattern, zone, the moment before, the slots: what the tables of `docs/programming-model.md` say. When the clocks of a
 * zone change was looked up elsewhere (Python's `zoneinfo`), not asked of the parser that is tested.
 */
const TABLE: readonly (readonly [
  what: string,
  cron: string,
  zone: string,
  after: string,
  ...at: string[],
])[] = [
  // Clocks go from 02:00 to 03:00 at 01:00Z, and from 03:00 to 02:00 at 01:00Z.
  ['exists', '30 2 * * *', BERLIN, '2026-03-27T12:00Z', '2026-03-28T01:30Z'],
  ['does not exist', '30 2 * * *', BERLIN, '2026-03-28T12:00Z', '2026-03-29T01:00Z', '2026-03-30T00:30Z'],
  ['ends a gap', '0 3 * * *', BERLIN, '2026-03-28T12:00Z', '2026-03-29T01:00Z', '2026-03-30T01:00Z'],
  ['two that meet', '0,30 2 * * *', BERLIN, '2026-03-28T12:00Z', '2026-03-29T01:00Z', '2026-03-30T00:00Z'],
  ['exists twice', '30 2 * * *', BERLIN, '2026-10-24T12:00Z', '2026-10-25T00:30Z', '2026-10-26T01:30Z'],
  ['a list', '30 2,14 * * *', BERLIN, '2026-10-24T20:00Z', '2026-10-25T00:30Z', '2026-10-25T13:30Z'],
  [
    ...(['each half hour, forward', '*/30 * * * *', BERLIN, '2026-03-29T00:10Z'] as const),
    ...['2026-03-29T00:30Z', '2026-03-29T01:00Z', '2026-03-29T01:30Z', '2026-03-29T02:00Z'],
  ],
  [
    ...(['each half hour, back', '*/30 * * * *', BERLIN, '2026-10-25T00:10Z'] as const),
    ...['2026-10-25T00:30Z', '2026-10-25T01:00Z', '2026-10-25T01:30Z', '2026-10-25T02:00Z'],
  ],
  ['each hour, back', '30 * * * *', BERLIN, '2026-10-25T00:00Z', '2026-10-25T00:30Z', '2026-10-25T01:30Z'],
  // From 02:00 to 03:00 at 07:00Z, and from 02:00 to 01:00 at 06:00Z.
  ['does not exist', '30 2 * * *', NEW_YORK, '2026-03-07T12:00Z', '2026-03-08T07:00Z', '2026-03-09T06:30Z'],
  ['exists twice', '30 1 * * *', NEW_YORK, '2026-10-31T12:00Z', '2026-11-01T05:30Z', '2026-11-02T06:30Z'],
  ['each hour, back', '30 * * * *', NEW_YORK, '2026-11-01T05:00Z', '2026-11-01T05:30Z', '2026-11-01T06:30Z'],
  // Half an hour: from 02:00 to 01:30 at 15:00Z, and from 02:00 to 02:30 at 15:30Z.
  ['exists twice', '45 1 * * *', LORD_HOWE, '2026-04-04T00:00Z', '2026-04-04T14:45Z', '2026-04-05T15:15Z'],
  ['does not exist', '15 2 * * *', LORD_HOWE, '2026-10-03T00:00Z', '2026-10-03T15:30Z', '2026-10-04T15:15Z'],
  [
    ...(['each quarter, back', '*/15 * * * *', LORD_HOWE, '2026-04-04T14:35Z'] as const),
    ...['2026-04-04T14:45Z', '2026-04-04T15:00Z', '2026-04-04T15:15Z', '2026-04-04T15:30Z'],
  ],
  [
    ...(['each hour, back', '30 * * * *', LORD_HOWE, '2018-03-31T14:10Z'] as const),
    ...['2018-03-31T14:30Z', '2018-03-31T15:00Z', '2018-03-31T16:00Z'],
  ],
  [
    'each hour, forward',
    '30 * * * *',
    NEW_YORK,
    '2018-03-11T06:00Z',
    '2018-03-11T06:30Z',
    '2018-03-11T07:30Z',
  ],
  [
    ...(['each quarter, back', '*/15 * * * *', NEW_YORK, '2018-11-04T05:35Z'] as const),
    ...['2018-11-04T05:45Z', '2018-11-04T06:00Z', '2018-11-04T06:15Z', '2018-11-04T06:30Z'],
  ],
  // From 01:00 to 02:00 at 01:00Z, and from 02:00 to 01:00 at 01:00Z.
  ['does not exist', '30 1 * * *', LONDON, '2018-03-24T12:00Z', '2018-03-25T01:00Z', '2018-03-26T00:30Z'],
  ['exists twice', '30 1 * * *', LONDON, '2018-10-27T12:00Z', '2018-10-28T00:30Z', '2018-10-29T01:30Z'],
  // As it was: from 00:00 to 01:00 at 03:00Z, so that a day began at one, and from 00:00 to 23:00 at 02:00Z.
  ['does not exist', '0 0 * * *', SAO_PAULO, '2018-11-03T12:00Z', '2018-11-04T03:00Z', '2018-11-05T02:00Z'],
  ['exists twice', '30 23 * * *', SAO_PAULO, '2018-02-17T12:00Z', '2018-02-18T01:30Z', '2018-02-19T02:30Z'],
  [
    'no longer changes',
    '0 0 * * *',
    SAO_PAULO,
    '2026-11-01T12:00Z',
    '2026-11-02T03:00Z',
    '2026-11-03T03:00Z',
  ],
  ['of leap years', '0 12 29 2 *', SAO_PAULO, '2027-01-01T00:00Z', '2028-02-29T15:00Z', '2032-02-29T15:00Z'],
  ['of no leap year', '0 0 29 2 *', 'UTC', '2096-03-01T00:00Z', '2104-02-29T00:00Z', '2108-02-29T00:00Z'],
  // Clocks never change.
  ['always exists', '30 2 * * *', KOLKATA, '2026-03-28T00:00Z', '2026-03-28T21:00Z', '2026-03-29T21:00Z'],
  ['of leap years', '0 0 29 2 *', 'UTC', '2026-01-01T00:00Z', '2028-02-29T00:00Z', '2032-02-29T00:00Z'],
  ['the last day', '0 0 L * *', 'UTC', '2026-01-15T00:00Z', '2026-01-31T00:00Z', '2026-02-28T00:00Z'],
  ['day or weekday', '0 0 13 * 5', 'UTC', '2026-03-07T00:00Z', '2026-03-13T00:00Z', '2026-03-20T00:00Z'],
  ['by its name', '@daily', 'UTC', '2026-03-07T00:00Z', '2026-03-08T00:00Z', '2026-03-09T00:00Z'],
];

describe('S21 slots of a cron pattern', () => {
  it.each(TABLE)('%s: %s in %s after %s', (_, cron, zone, after, ...at) => {
    expect(slots(cron, zone, after, at.length)).toEqual(at);
  });

  const ZONES = [
    BERLIN,
    NEW_YORK,
    LORD_HOWE,
    KOLKATA,
    'UTC',
    'Africa/Casablanca',
    'America/Havana',
    'Asia/Beirut',
  ];
  const PATTERNS = [
    '30 2 * * *',
    '0 0 * * *',
    '30 0,1 * * *',
    '*/20 1-3 * * *',
    '*/7 * * * *',
    '15 30 2 * * *',
  ];
  /** Around the changes of the year in these zones. */
  const CHANGES = [
    '2026-03-08',
    '2026-03-28',
    '2026-03-29',
    '2026-04-04',
    '2026-10-03',
    '2026-10-25',
    '2026-11-01',
  ];

  it('is one sequence, from whatever moment it is looked at: all processes agree', () => {
    const moment = fc.record({
      cron: fc.constantFrom(...PATTERNS),
      timeZone: fc.constantFrom(...ZONES),
      from: fc.constantFrom(...CHANGES).map(day => Date.parse(`${day}T00:00Z`)),
      ms: fc.integer({ min: -12 * 3_600_000, max: 36 * 3_600_000 }),
      further: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
    });
    const isOne = ({
      cron,
      timeZone,
      from,
      ms,
      further,
    }: typeof moment extends fc.Arbitrary<infer V> ? V : never) => {
      const next = slotsOf({ cron, timeZone });
      const first = next(from + ms)!;
      expect(first).toBeGreaterThan(from + ms);
      const between = from + ms + Math.floor((first - from - ms) * further);
      expect(next(between)).toBe(first);
    };
    fc.assert(fc.property(moment, isOne), { numRuns: 2_000 });
  });
});

describe('slots of an interval', () => {
  it('are its multiples since 1970', () => {
    const next = slotsOf({ everyMs: 90_000 });
    expect(next(Date.parse('2026-01-01T00:00:00.000Z'))).toBe(Date.parse('2026-01-01T00:01:30Z'));
    expect(next(Date.parse('2026-01-01T00:01:29.999Z'))).toBe(Date.parse('2026-01-01T00:01:30Z'));
    expect(next(0)).toBe(90_000);
    expect(slotsOf({ everyMs: 7 })(20)).toBe(21);
  });
});
