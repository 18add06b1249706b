import Sequencer from '@jest/test-sequencer';

/** Fast tests first: what they find makes the slow ones moot. */
const ORDER = ['/test/unit/', '/test/architecture', '/test/contract/', '/test/integration/'];

/** Jest's own order (failed ones first, then the longest), within each of the groups of `ORDER`. */
export default class FastFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) =>
      (ORDER.findIndex(part => path.includes(part)) + ORDER.length + 1) % (ORDER.length + 1);
    return [...super.sort(tests)].sort((a, b) => rank(a) - rank(b));
  }
}
