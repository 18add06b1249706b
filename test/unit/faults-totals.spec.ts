import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toMarkdown } from '../../scripts/faults-report.mjs';
import { REDIS_LOSSES, TOTALS, totalsOf } from '../faults/totals.mjs';

const TESTS = fileURLToPath(new URL('..', import.meta.url));

describe('the totals of npm run faults', () => {
  it('are the sums of what trials have counted by these names, and 0 for the others', () => {
    const totals = totalsOf([
      { figures: { 'worker kills': 3, FLUSHALLs: 1, 'steps repeated': 9 } },
      { figures: { 'worker kills': 4, 'older AOFs restored': 2, 'cut replicas promoted': 5 } },
      { figures: { 'takeover ms': { samples: 1, p50: 2, p99: 3, max: 4 } } },
    ]);
    const expected = {
      'worker kills': 7,
      FLUSHALLs: 1,
      'older AOFs restored': 2,
      'cut replicas promoted': 5,
      [REDIS_LOSSES]: 8,
    };
    expect(totals).toEqual({
      ...Object.fromEntries(Object.keys(TOTALS).map(name => [name, 0])),
      ...expected,
    });
  });

  it('are a table of their own, with what each means', () => {
    const trials = [{ variant: 'on postgres', figures: { 'worker kills': 3 } }];
    const text = toMarkdown({
      at: 'now',
      machine: 'a machine',
      commit: 'abc',
      minutes: '1 minutes a scenario',
      seed: 42,
      totals: totalsOf(trials),
      scenarios: [{ id: 'S01', title: 'kills', passed: 1, failed: 0, seconds: 60, trials }],
    });
    expect(text).toContain(`| worker kills | 3 | ${TOTALS['worker kills']} |`);
    expect(text).toContain('| worker stops | 0 |');
    expect(text).toContain('| S01 kills | 1 passed | 60 | on postgres: 3 worker kills |');
  });

  it('are each counted by some trial', () => {
    const sources = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.ts') && !file.startsWith('unit'))
      .map(file => readFileSync(join(TESTS, file), 'utf8'))
      .join('\n');
    // Names of Redis's losses are keys as well: quoted, or not.
    const isCounted = (name: string): boolean =>
      sources.includes(`'${name}'`) || sources.includes(`${name}: async`);
    expect(Object.keys(TOTALS).filter(name => !isCounted(name))).toEqual([]);
  });
});
