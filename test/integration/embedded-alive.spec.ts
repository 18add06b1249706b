import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const APP = fileURLToPath(new URL('../../.build/test/apps/embedded-sleeper.js', import.meta.url));

describe('a process whose only invocation sleeps in the embedded database', () => {
  it('lives until the application is closed, and no longer', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [APP]);
    expect(stdout).toContain('slept');
  }, 60_000);
});
