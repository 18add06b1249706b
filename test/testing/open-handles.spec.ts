import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Compiled by `npm run build:apps`: on the built package, as a user's test is. */
const APP = fileURLToPath(new URL('../../.build/test/apps/tested.js', import.meta.url));

it('nothing holds the process of a test once its application is closed, whatever was left undone', async () => {
  // It ends by itself, or never: then it is killed, and this fails.
  const { stdout } = await promisify(execFile)(process.execPath, [APP], { timeout: 110_000 });
  expect(JSON.parse(stdout)).toEqual({ crashes: expect.any(Number) as number, held: [] });
}, 120_000);
