import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const pathOf = (app: string): string =>
  fileURLToPath(new URL(`../../.build/test/apps/${app}.js`, import.meta.url));

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: string[]): Promise<Ran> {
  return new Promise(resolve =>
    execFile(process.execPath, args, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
    ),
  );
}

describe('S24 a rejected promise that nobody awaits', () => {
  it('does not end the process if it is of a handler or a step, and is logged with its invocation', async () => {
    const { code, stdout, stderr } = await run(pathOf('unhandled'));
    expect({ code, stdout: stdout.trim() }).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/through$/),
    });
    const printed = stdout + stderr;
    expect(printed).toMatch(/Careless\.run, invocation [0-9a-f-]{36}.*in a branch/);
    expect(printed).toMatch(/Careless\.run \(step step\), invocation .*within a step/);
  }, 120_000);

  it('does what it always did if it is of other code', async () => {
    const { code, stdout, stderr } = await run(pathOf('unhandled'), 'foreign');
    expect([code, stdout.includes('went on')]).toEqual([1, false]);
    expect(stderr).toContain('of nobody');
  }, 120_000);
});

describe('S24 outcomes that fail', () => {
  it.each(['stay', 'suspend'])(
    'leave no rejected promise to nobody, live and on replay, in a process that would end at it (%s)',
    async way => {
      const { code, stdout, stderr } = await run('--unhandled-rejections=strict', pathOf('rejections'), way);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const text = 'NonErrorThrownError: ';
      expect(JSON.parse(stdout)).toEqual({
        settled: ['rejected', 'rejected', 'fulfilled'],
        any: 'c',
        none: 'Error: a,Error: b',
        all: 'Error: b',
        race: 'b',
        intercepted: 'Error: in an interceptor',
        'a step throws null': expect.stringContaining(text) as string,
        'a step throws undefined': expect.stringContaining(text) as string,
        'a step throws text': expect.stringContaining(text) as string,
        'a handler throws null': expect.stringContaining(text) as string,
        'a handler throws undefined': expect.stringContaining(text) as string,
        'a handler throws text': expect.stringContaining(text) as string,
        deadline: expect.stringContaining('DeadlineExceededError') as string,
        cancelled: expect.stringContaining('CancelledError') as string,
      });
    },
    120_000,
  );
});
