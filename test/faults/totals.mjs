/**
 * The figures that are added up over all trials of a run of `npm run faults`, and what each means. A trial counts them by
 * `Trial.total`, which takes no other names; what it shows beside them stays its own.
 *
 * @type {Readonly<Record<string, string>>}
 */
export const TOTALS = Object.freeze({
  'worker kills':
    'processes of workers and clients that SIGKILL ended, at random moments and at named points',
  'worker stops': 'processes that SIGSTOP stopped, and that went on afterwards',
  'workers ended otherwise': 'by a step of theirs (S14), or because they could not start (S37)',
  'PostgreSQL restarts': 'after SIGKILL, SIGQUIT or SIGINT',
  'times all connections to PostgreSQL ended': 'by pg_terminate_backend',
  FLUSHALLs: 'of all that Redis has',
  'older AOFs restored': 'Redis started again on an older copy of its file',
  'cut replicas promoted': 'a replica that had missed what came last is the server from then on',
  'Redis outages': 'a server that is stopped, or hangs, or cannot be reached by anybody',
  'half-open links': 'of one worker to Redis: nothing arrives, and nobody learns of it',
  'clock jumps': 'of processes, by up to an hour in either direction',
  'random programs': 'that have come to their ends',
  'invocations accepted': 'by clients, handlers, schedules and events',
  'steps executed': 'bodies that the ledger saw begin',
  'timers over': 'sleeps that the ledger saw end',
  'schedule slots': 'that started something',
  'invocations lost': 'accepted and gone, or not over in the end (I1)',
  'invocations too many': 'that nobody asked for',
  'wrong outcomes':
    'that differ from the journal, from what a caller was given, or from what a program says (I2)',
  'recorded steps executed again': 'or executed twice without a death in between (I3)',
  'writes of an old epoch': 'that were committed (I4)',
  'overlapping writers of one key': 'that both committed (I5)',
  'early timers': 'and early slots (I7)',
  'doubled or missed slots': 'of schedules',
  'left behind': 'leases, held objects, open transactions, connections and keys (I8, I9)',
});

/** What together is a loss of all that Redis has. */
const LOSSES_OF_REDIS = ['FLUSHALLs', 'older AOFs restored', 'cut replicas promoted'];
/** Not counted by trials: their sum. */
export const REDIS_LOSSES = 'losses of Redis in all';

/**
 * Adds up what trials have counted, in the order of {@link TOTALS}; what none of them counted is 0.
 *
 * @param {readonly { readonly figures: Readonly<Record<string, unknown>> }[]} trials
 * @returns {Record<string, number>}
 */
export function totalsOf(trials) {
  const sum = name =>
    trials.reduce((total, { figures }) => {
      const figure = figures[name];
      return typeof figure === 'number' ? total + figure : total;
    }, 0);
  const totals = {};
  for (const name of Object.keys(TOTALS)) {
    totals[name] = sum(name);
    if (name === LOSSES_OF_REDIS.at(-1))
      totals[REDIS_LOSSES] = LOSSES_OF_REDIS.reduce((total, loss) => total + sum(loss), 0);
  }
  return totals;
}
