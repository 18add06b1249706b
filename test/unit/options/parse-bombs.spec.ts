import { parseCursor } from '../../../lib/client/cursor.js';
import { invocationId } from '../../../lib/client/invocation-id.js';
import { parseAwakeableId } from '../../../lib/codec/awakeable-id.js';
import { redactSecrets, showValue } from '../../../lib/errors/show-value.js';
import { parseDuration } from '../../../lib/options/duration.js';
import { resolveListOptions } from '../../../lib/options/list-options.js';
import { assertName } from '../../../lib/options/names.js';
import { objectKeyFor } from '../../../lib/options/object-key.js';
import { resolveCreated } from '../../../lib/options/schedule-options.js';
import { resolveSendOptions } from '../../../lib/options/send-options.js';

/** Everything that reads a text of a stranger. All of these texts are refused. */
const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  duration: text => parseDuration(text, 'delay'),
  cron: text => resolveCreated({ name: 'a', cron: text }),
  'time zone': text => resolveCreated({ name: 'a', cron: '0 3 * * *', timeZone: text }),
  'name of a schedule': text => resolveCreated({ name: text, every: 1_000 }),
  cursor: text => parseCursor(text),
  status: text => resolveListOptions({ status: text }),
  parent: text => resolveListOptions({ parent: text }),
  'idempotency key': text => resolveSendOptions({ idempotencyKey: text }),
  key: text => objectKeyFor('S', true, text),
  'name of a service': text => assertName('service', text, 'here'),
  'name of a step': text => assertName('step', text, 'here'),
  'id of an invocation': text => invocationId(text),
  'id of an awakeable': text => parseAwakeableId('a/b', text),
};

/** What makes expressions go back and forth, or loops go on: so many of it, and an end that does not fit. */
const BOMBS: readonly (readonly [string, string])[] = [
  ['1', 'x'],
  [' ', 'x'],
  ['* ', 'x'],
  ['*/1,', '* * * *'],
  ['0-59,', ' * * * *'],
  ['1 ', '\n'],
  ['@', '@'],
  ['a', '!'],
  ['-', '.'],
  ['0.', 's'],
  ['😀', '\0'],
];
const LENGTHS = [100_000, 1_000_000] as const;

/** Ten times as much text: what grows with the square takes a hundred times as long. None takes half a second. */
function isBad(short: number, long: number): boolean {
  return long > 500 || long > 40 * Math.max(short, 1);
}

/** Milliseconds of the processor, which others on the machine do not add to; the best of a few. */
function cost(parse: (text: string) => unknown, text: string): number {
  const tries = [0, 0, 0].map(() => {
    const before = process.cpuUsage();
    try {
      parse(text);
    } catch {
      // Most are refused.
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.min(...tries);
}

describe('S35 a text of a megabyte', () => {
  it.each(Object.keys(PARSERS))(
    'is refused at once, or read in a time that grows with its length: %s',
    name => {
      const parse = PARSERS[name] as (text: string) => unknown;
      for (const [part, end] of BOMBS) {
        const [short, long] = LENGTHS.map(length => cost(parse, part.repeat(length / part.length) + end)) as [
          number,
          number,
        ];
        expect({ part, short, long, bad: isBad(short, long) }).toMatchObject({ bad: false });
      }
    },
  );

  it('is shown shortly in an error, and without its secrets, in a time that grows with its length', () => {
    for (const [part, end] of [
      ...BOMBS,
      ['password=', "'"],
      ['://a:', '@'],
      ['token', '='],
      ["secret='", ''],
    ] as const) {
      const [short, long] = LENGTHS.map(length => {
        const text = part.repeat(length / part.length) + end;
        expect(showValue(text).length).toBeLessThan(200);
        return cost(redactSecrets, text.slice(0, length / 10));
      }) as [number, number];
      expect({ part, short, long, bad: isBad(short, long) }).toMatchObject({ bad: false });
    }
  });
});
