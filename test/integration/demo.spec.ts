import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DEMO = fileURLToPath(new URL('../../scripts/demo.mjs', import.meta.url));

/** Runs the demo with a directory of its own for temporary files. */
async function runDemo(
  temporary: string,
  onOutput: (output: string, stop: () => void) => void = () => undefined,
) {
  const env = { ...process.env, TMPDIR: temporary };
  const demo = spawn(process.execPath, [DEMO], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [demo.stdout, demo.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      onOutput(output, () => demo.kill('SIGINT'));
    });
  }
  await once(demo, 'close');
  return { code: demo.exitCode, output };
}

/** Pids of processes that a demo started. */
function pidsIn(output: string): number[] {
  return [...output.matchAll(/process (\d+) +starts/g)].map(([, pid]) => Number(pid));
}

describe('npm run demo', () => {
  let temporary: string;

  beforeEach(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'nestjs-durable-demos-'));
  });

  afterEach(async () => {
    await rm(temporary, { recursive: true, force: true, maxRetries: 3 });
  });

  it.each(['first', 'second'])(
    'kills an order in its middle and shows it completing without repeating a recorded step: %s run',
    async () => {
      // How long it takes on an idle machine stands in the README; here others are at work, and a watchdog ends it.
      const { code, output } = await runDemo(temporary);
      expect({ code, output }).toMatchObject({ code: 0 });
      const [first, second] = pidsIn(output);
      const inOrder = [
        `process ${first} +listens on http://127\\.0\\.0\\.1:\\d+`,
        'POST /orders +202 \\{"id":"[0-9a-f-]{36}"\\}',
        `process ${first} +charge`,
        `process ${first} +reserve`,
        `kill -9 ${first} +in the middle of reserve`,
        `process ${second} +charge +replayed from the journal, not executed`,
        `process ${second} +reserve .* again, as it had no result yet`,
        `process ${second} +receipt`,
        `process ${second} +confirm`,
        'GET /orders/:id +200 completed',
        `0 +step +PaymentGateway\\.charge +ok +1 +\\d+ ms +1 +${first}\\n`,
        `1 +step +WarehouseService\\.reserve +ok +1 +\\d+ ms +3 +${first}, ${second}\\n`,
        `2 +step +receipt +ok +1 +\\d+ ms +3 +${second}\\n`,
        `3 +step +Mailer\\.confirm +ok +1 +\\d+ ms +3 +${second}\\n`,
        '✓ charge, receipt and confirm ran exactly once',
        'Try next',
      ];
      expect(output).toMatch(new RegExp(inOrder.join('[^]*')));
      expect(output).not.toContain('\u001b[');
      const lines = output.split('\n').filter(line => !line.includes(temporary));
      expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(100);
      expect(await readdir(temporary)).toEqual([]);
    },
    120_000,
  );

  it('ends its processes and removes its directory when it is interrupted', async () => {
    const { code, output } = await runDemo(temporary, (seen, stop) => {
      if (seen.includes('reserve')) stop();
    });
    expect(code).toBe(130);
    const [, url = ''] = /listens on (\S+)/.exec(output) ?? [];
    await expect(fetch(`${url}/orders/none`)).rejects.toThrow('fetch failed');
    expect(await readdir(temporary)).toEqual([]);
  }, 120_000);
});
