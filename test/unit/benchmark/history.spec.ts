import { entriesOf } from '../../../benchmark/history.js';

/** Entries of the three invocations that are copied in turns, by the number of the copy. */
const ENTRIES = [0, 1, 3];

test.each([1, 2, 3, 4, 5, 6, 100, 101, 102])('a history of %d invocations has their entries', count => {
  const numbers = Array.from({ length: count }, (_, at) => at + 1);
  expect(entriesOf(count)).toBe(numbers.reduce((sum, n) => sum + (ENTRIES[n % 3] ?? NaN), 0));
});
