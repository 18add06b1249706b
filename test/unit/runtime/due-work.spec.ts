import type { DueClaims } from '../../../lib/ports/store.js';
import { DueWork } from '../../../lib/runtime/due-work.js';
import { HandClock } from '../../support/hand-clock.js';

const REQUEST = { workerId: 'w', services: ['s'], limit: 10, overdueMs: 0 };
const NOTHING: DueClaims = { claimed: [], dueAgoMs: undefined, nextInMs: undefined };
const SOMETHING: DueClaims = { ...NOTHING, claimed: [{}] as unknown as DueClaims['claimed'] };

describe('looks for due work', () => {
  let answer: () => Promise<DueClaims>;
  let due: DueWork;

  beforeEach(() => {
    answer = async () => NOTHING;
    due = new DueWork({ claimDue: () => answer() }, new HandClock());
  });

  /** So many turns: a letter for each look that is made, a dot for each that is left out. */
  async function turns(count: number, isPushed = true): Promise<string> {
    let made = '';
    for (let turn = 0; turn < count; turn++) {
      const waits = due.canWait(isPushed);
      made += waits ? '.' : 'L';
      if (!waits) await due.claim(REQUEST).catch(() => undefined);
    }
    return made;
  }

  const EAGER = 'L'.repeat(10);

  it('are made every fifth turn once ten in a row have found nothing, where a server announces what is ready', async () => {
    expect(await turns(25)).toBe(`${EAGER}....L....L....L`);
  });

  it('are made at each turn where nobody announces it', async () => {
    expect(await turns(30, false)).toBe(EAGER.repeat(3));
  });

  it.each<[string, () => void]>([
    ['something is found', () => (answer = async () => SOMETHING)],
    ['the store does not answer', () => (answer = async () => Promise.reject(new Error('away')))],
  ])('are made at each turn again once %s', async (_, happens) => {
    await turns(14);
    happens();
    expect(await turns(5)).toBe('LLLLL');
    answer = async () => NOTHING;
    expect(await turns(15)).toBe(`${EAGER}....L`);
  });

  it('are made at each turn again when there is work, or the server was away', async () => {
    await turns(12);
    due.stir();
    expect(await turns(15)).toBe(`${EAGER}....L`);
    expect(await turns(1, false)).toBe('L');
    expect(await turns(14)).toBe(`${EAGER.slice(1)}....L`);
  });
});
