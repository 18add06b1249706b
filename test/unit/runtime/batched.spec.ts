import { Batched } from '../../../lib/runtime/batched.js';
import { Latch } from '../../support/latch.js';

describe('questions that are asked together', () => {
  let asked: string[][];
  let answer: Latch;
  let fails: boolean;

  beforeEach(() => {
    asked = [];
    answer = new Latch();
    fails = false;
  });

  const batched = (inTurn: boolean, most?: number): Batched<string, string> =>
    new Batched(
      async keys => {
        asked.push([...keys]);
        const isFailing = fails;
        await answer.wait();
        if (isFailing) throw new Error('no answer');
        return keys.map(key => `of ${key}`);
      },
      { inTurn, ...(most !== undefined && { most }) },
    );
  const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

  it('are those of one turn of the event loop', async () => {
    const questions = batched(false);
    const first = [questions.get('a'), questions.get('b')];
    await nextTurn();
    const second = questions.get('c');
    await nextTurn();
    expect(asked).toEqual([['a', 'b'], ['c']]);
    answer.open();
    expect(await Promise.all([...first, second])).toEqual(['of a', 'of b', 'of c']);
  });

  it('are in turn those that came while the ones before were answered, or were not', async () => {
    const questions = batched(true);
    fails = true;
    const first = questions.get('a');
    await nextTurn();
    fails = false;
    const second = [questions.get('b')];
    await nextTurn();
    second.push(questions.get('c'));
    await nextTurn();
    expect(asked).toEqual([['a']]);
    answer.open();
    await expect(first).rejects.toThrow('no answer');
    expect(await Promise.all(second)).toEqual(['of b', 'of c']);
    expect(asked).toEqual([['a'], ['b', 'c']]);
    expect(await questions.get('d')).toBe('of d');
  });

  it('are no more at once than they may be', async () => {
    const questions = batched(true, 2);
    answer.open();
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map(key => questions.get(key)));
    expect(asked).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });
});
