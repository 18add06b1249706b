import fc from 'fast-check';
import { JournalMismatchError } from '../../lib/errors/index.js';
import { form } from '../support/form.js';
import { endOf, startAttempt } from '../support/attempt-on-journal.js';
import { JournalOfOne } from '../support/journal-store.js';

const SEED = Number(process.env.FC_SEED ?? 20_261_122);
const RUNS = form(5_000, 300);

/** One durable call of a program; no two of a program have one name. */
interface Call {
  readonly kind: 'step' | 'set';
  readonly name: string;
}

type Change = 'rename' | 'swap' | 'add' | 'remove' | 'kind';

/** A program that has run, and how its code was changed since. */
const changed = fc
  .tuple(
    fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3, unit: 'grapheme-ascii' }), {
      minLength: 2,
      maxLength: 8,
    }),
    fc.array(fc.constantFrom<Call['kind']>('step', 'step', 'set'), { minLength: 8, maxLength: 8 }),
    fc.constantFrom<Change>('rename', 'swap', 'add', 'remove', 'kind'),
    fc.nat(),
  )
  .map(([names, kinds, change, place]) => {
    const before = names.map((name, at): Call => ({ kind: kinds[at] ?? 'step', name }));
    const at = place % (before.length - (change === 'swap' ? 1 : 0));
    return { before, after: apply(change, before, at), change, at };
  });

function apply(change: Change, calls: readonly Call[], at: number): Call[] {
  const after = [...calls];
  const [one, other] = [calls[at] as Call, calls[at + 1] as Call];
  switch (change) {
    case 'rename':
      return after.with(at, { ...one, name: 'renamed' });
    case 'swap':
      return after.with(at, other).with(at + 1, one);
    case 'add':
      return after.toSpliced(at, 0, { kind: 'step', name: 'added' });
    case 'remove':
      return after.toSpliced(at, 1);
    case 'kind':
      return after.with(at, { ...one, kind: one.kind === 'step' ? 'set' : 'step' });
  }
}

/** Runs a program to its end on a journal; the steps that it executed, and how it ended. */
async function run(journal: JournalOfOne, calls: readonly Call[]) {
  const executed: string[] = [];
  const { done } = startAttempt(journal, async (step, scope) => {
    for (const { kind, name } of calls) {
      if (kind === 'set') scope.set(name, 1);
      else await step(name, () => void executed.push(name));
    }
  });
  return { executed, end: endOf(await done) };
}

describe('S30 any change of the calls that a journal has', () => {
  it(`pauses the invocation and executes nothing (${RUNS} programs, seed ${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(changed, async ({ before, after, at, change }) => {
        const journal = new JournalOfOne();
        expect((await run(journal, before)).end?.status).toBe('completed');
        const recorded = journal.entries.size;
        const { executed, end } = await run(journal, after);
        expect(executed).toEqual([]);
        expect(end?.status).toBe('paused');
        expect(end?.value).toBeInstanceOf(JournalMismatchError);
        expect((end?.value as JournalMismatchError).index).toBe(at);
        // What the code calls before it meets the difference is there already.
        expect([change, journal.entries.size]).toEqual([change, recorded]);
      }),
      { seed: SEED, numRuns: RUNS },
    );
  }, 120_000);
});
