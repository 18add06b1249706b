/**
 * Judges what happened, by what the processes printed when they executed a step (`executions`: `pid`, `name`, `key`)
 * and by the order's journal; what the processes think of themselves does not count.
 *
 * @returns {{ passed: boolean, text: string }[]}
 */
export function judge({ executions, journal, killed, order, stopped }) {
  const inFlight = executions.filter(({ pid }) => pid === killed).at(-1)?.name;
  const times = name => executions.filter(execution => execution.name === name);
  const names = journal.map(nameOf);
  const all = new Set([...names, ...executions.map(({ name }) => name)]);
  const others = [...all].filter(name => name !== inFlight);
  const strangers = executions.filter(({ name }) => !names.includes(name)).map(({ name }) => name);
  const repeated = times(inFlight);
  const keys = new Set(repeated.map(({ key }) => key));
  return [
    check(order.status === 'completed', 'the order is completed', `the order is ${order.status}`),
    check(
      journal.length > 1 && journal.every(({ outcome }) => outcome === 'ok') && strangers.length === 0,
      'every step that ran is in the journal, with its result',
      `the journal lacks a result, or a step that ran: ${strangers.join(', ')}`,
    ),
    check(
      others.every(name => times(name).length === 1),
      `${list(others)} ran exactly once`,
      `not exactly once: ${others.map(name => `${name} ran ${times(name).length}x`).join(', ')}`,
    ),
    check(
      repeated.length >= 1 && repeated.length <= 2 && keys.size === 1,
      fateOf(repeated),
      `${inFlight} ran ${repeated.length}x, under ${keys.size} idempotency keys`,
    ),
    check(
      stopped.code === 0,
      'asked to stop (SIGTERM), the second process ended with exit code 0',
      `asked to stop, the second process ended with ${stopped.signal ?? `code ${stopped.code}`}`,
    ),
  ];
}

/** What the sample's log calls a step of the journal. */
export function nameOf({ name }) {
  return name.split('.').at(-1);
}

/** What became of the step in flight; an inline step prints no key. */
function fateOf([first, again]) {
  if (again === undefined) return `${first?.name}, which ran when the kill hit, was recorded just before it`;
  const key = again.key === undefined ? '' : ' under the same idempotency key';
  return `${first.name}, cut short by the kill, ran again${key}`;
}

function check(passed, right, wrong) {
  return { passed, text: passed ? right : wrong };
}

function list(names) {
  return [names.slice(0, -1).join(', '), ...names.slice(-1)].filter(Boolean).join(' and ');
}
