import type { AttemptScope } from '../../lib/runtime/attempt-scope.js';
import { endOf, startAttempt, type TestStep } from '../support/attempt-on-journal.js';
import { JournalOfOne } from '../support/journal-store.js';

const LIMIT = 10;

/** What does not stop by itself, and catches all that it can. */
async function forEver(call: () => Promise<unknown>): Promise<void> {
  for (;;) await call().catch(() => undefined);
}

describe('a journal that is full', () => {
  it('ends the invocation for good, though its code catches everything', async () => {
    const journal = new JournalOfOne();
    let run = 0;
    const { done } = startAttempt(journal, step => forEver(() => step('again', () => ++run)), {
      longestJournal: LIMIT,
    });
    expect(endOf(await done)).toMatchObject({
      status: 'failed',
      value: { code: 'DURABLE_JOURNAL_TOO_LONG', limit: LIMIT },
    });
    expect(run).toBe(LIMIT);
    expect(journal.entries.size).toBe(LIMIT);
  });

  it('takes nothing that is recorded at the call either', async () => {
    const journal = new JournalOfOne();
    const program = (step: TestStep, scope: AttemptScope): Promise<void> =>
      forEver(async () => {
        try {
          scope.now();
        } catch {
          await step('more', () => 1);
        }
      });
    const { done } = startAttempt(journal, program, { longestJournal: LIMIT });
    expect(endOf(await done)).toMatchObject({
      status: 'failed',
      value: { code: 'DURABLE_JOURNAL_TOO_LONG' },
    });
    expect(journal.entries.size).toBe(LIMIT);
  });

  it('is replayed to its end after the limit was lowered', async () => {
    const journal = new JournalOfOne();
    const program = async (step: TestStep): Promise<number> => {
      let sum = 0;
      for (let index = 0; index < LIMIT; index++) sum += Number(await step('count', () => 1));
      return sum;
    };
    const first = startAttempt(journal, program, { longestJournal: LIMIT });
    expect(endOf(await first.done)).toEqual({ status: 'completed', value: LIMIT });
    const again = startAttempt(journal, program, { longestJournal: LIMIT / 2 });
    expect(endOf(await again.done)).toEqual({ status: 'completed', value: LIMIT });
  });

  it('was warned of once, half way', async () => {
    const { done, logger } = startAttempt(new JournalOfOne(), step => forEver(() => step('again', () => 1)), {
      longestJournal: LIMIT,
    });
    await done;
    expect(logger.lines.filter(line => line.includes('half of what limits.journal allows'))).toHaveLength(1);
  });
});
