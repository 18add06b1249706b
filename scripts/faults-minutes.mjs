/**
 * For how long the scenarios of a run go on: `5`, or `2,S01=10,S39=20`, 2 minutes for all but those two.
 *
 * @param {string} text
 * @param {readonly string[]} ids of the scenarios that run
 * @returns {{ each: number, by: Readonly<Record<string, number>> }} minutes of those that are not in `by`; 1 if only some
 *   are given
 * @throws {Error} that says what is wrong with it
 */
export function parseMinutes(text, ids) {
  const by = {};
  let each;
  for (const part of text.split(',').map(one => one.trim())) {
    const [name, value, ...more] = part.split('=').map(one => one.trim());
    if (more.length > 0)
      throw new Error(`--minutes ${text}: '${part}' is neither a number nor one like S01=10`);
    if (value === undefined) {
      if (each !== undefined)
        throw new Error(`--minutes ${text}: has two numbers that are for all scenarios`);
      each = toNumber(name, text);
      continue;
    }
    const id = ids.find(one => one.toLowerCase() === name.toLowerCase());
    if (id === undefined)
      throw new Error(`--minutes ${text}: '${name}' is no scenario that runs: ${ids.join(', ')}`);
    if (id in by) throw new Error(`--minutes ${text}: has ${id} twice`);
    by[id] = toNumber(value, text);
  }
  return { each: each ?? 1, by };
}

/** The minutes of one scenario. */
export function minutesOf({ each, by }, id) {
  return by[id] ?? each;
}

/** For people. */
export function describeMinutes({ each, by }) {
  const own = Object.entries(by).map(([id, minutes]) => `, ${id} ${minutes}`);
  return `${each} minutes a scenario${own.join('')}`;
}

function toNumber(value, text) {
  const minutes = Number(value);
  if (value !== '' && Number.isFinite(minutes) && minutes > 0) return minutes;
  throw new Error(`--minutes ${text}: '${value}' must be a number above 0`);
}
