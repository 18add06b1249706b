import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Report } from '../../benchmark/report.js';

/** The benchmark as `npm run build:apps` has made it. */
const MAIN = fileURLToPath(new URL('../../.build/benchmark/main.js', import.meta.url));

async function bench(args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [MAIN, ...args]);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number]>,
  ]);
  return { code, stdout, stderr };
}

describe('the benchmark', () => {
  let directory: string;

  beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'bench-spec-'))));
  afterEach(() => rmSync(directory, { recursive: true }));

  test('measures every workload, prints tables and writes what it found', async () => {
    const json = join(directory, 'results', 'bench.json');
    const small = ['--transport', 'embedded', '--size', '0.005', '--rounds', '2'];
    const { code, stdout, stderr } = await bench([...small, '--json', json]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('W9') });

    const { machine, measurements } = JSON.parse(readFileSync(json, 'utf8')) as Report;
    expect(measurements.map(({ workload }) => workload).join(' ')).toBe(
      'w1 w2 w3 w3 w4 w4 load idle w5 w6 w7 w7 w8 w9',
    );
    for (const { workload, title, reports, rounds } of measurements) {
      expect(stdout).toContain(`| ${title} | embedded |`);
      expect(rounds).toHaveLength(['idle', 'w9'].includes(workload) ? 1 : 2);
      for (const { invocations, perSecond = 0, latency, figures, costs } of rounds) {
        if (workload !== 'idle')
          expect(Math.min(invocations, perSecond, costs.nodeCpu ?? 0)).toBeGreaterThan(0);
        expect(latency !== undefined).toBe(reports === 'latency');
        expect(Object.keys(figures).length > 0).toBe(reports === 'figures' || workload === 'load');
      }
    }
    expect(machine.limits.fdatasyncPerSecond).toBeGreaterThan(0);
  }, 240_000);

  test.each([
    [['--workload', 'w99'], '--workload is "w99"; it must be one of w1, '],
    [['--transport', 'kafka'], '--transport is "kafka"; it must be one of embedded, '],
    [['--rounds', '0'], '--rounds is "0"; it must be a whole number from 1'],
    [['--size', '-'], '--size is "-"; it must be a number above 0'],
    [
      ['--workload', 'w10', '--transport', 'embedded'],
      '--workload w10 is measured on --transport postgres or redis',
    ],
    [['--fast'], "Unknown option '--fast'"],
  ])('refuses %j, and says what it takes', async (args, message) => {
    const { code, stdout, stderr } = await bench(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toContain('--transport NAME');
  });
});
