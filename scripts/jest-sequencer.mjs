import Sequencer from '@jest/test-sequencer';

/**
 * They have databases in Jest's own processes, which is several times slower once those have grown: first of all, while
 * they are small.
 */
const FRESH = [
  'contract/embedded.store',
  'testing/tools',
  'integration/embedded-database',
  'integration/shared-embedded-leases',
  'testing/crash-everywhere',
]
  .map(name => `/test/${name}.spec.ts`)
  .concat('/sample/01-order/order.service.spec.ts');

/** Fast tests first: what they find makes the slow ones moot. */
const ORDER = ['/test/unit/', '/test/architecture', '/test/contract/'];

/**
 * Those of the rest that take longest, the longest first: one that began last would keep one processor busy while the
 * others idle. Jest goes by the size of files until it has seen how long they take, which on a new checkout it has not.
 */
const LONG = [
  'faults/kill-at-fault-points',
  'faults/poison',
  'faults/zombie',
  'runtime/replay-programs',
  'faults/transaction-restart',
  'faults/model-kills',
  'faults/transaction-kills',
  'faults/postgres-restart',
  'integration/demo',
  'integration/value-torture',
  'samples/approval',
  'faults/blocked-event-loop',
  'faults/object-linearizability',
  'samples/microservice',
  'faults/redis-outage',
  'integration/graceful-drain',
  'samples/deterministic-sources',
  'samples/events',
  'faults/random-programs',
  'samples/virtual-object',
  'testing/open-handles',
  'integration/bench',
  'integration/injection',
  'integration/lost-wake-ups',
  'faults/schedule-kills',
  'samples/outbox',
  'samples/order',
  'faults/control-kills',
  'integration/control-races',
  'integration/directory-lock',
  'integration/redis-faults',
]
  .map(name => `/test/${name}.spec.ts`)
  .concat('/sample/01-order/order.service.spec.ts');

const rank = ({ path }) => {
  if (FRESH.some(end => path.endsWith(end))) return -1;
  return (ORDER.findIndex(part => path.includes(part)) + ORDER.length + 1) % (ORDER.length + 1);
};

/** Longest first, by what an earlier run took, else by `LONG`. */
const turn = ({ path, duration }) => {
  const at = LONG.findIndex(end => path.endsWith(end));
  return duration !== undefined || at < 0 ? LONG.length : at;
};

/** Jest's own order (failed ones first, then the longest), within each of the groups of `ORDER`. */
export default class FastFirst extends Sequencer {
  sort(tests) {
    return [...super.sort(tests)].sort((a, b) => rank(a) - rank(b) || turn(a) - turn(b));
  }
}
