// Takes directory locks as it is told: { directory } acquires and answers 'won' or the error's code, 'release' gives
// it back, { directory, storm } acquires and releases until it is killed, and checks that it is alone.
import { readFile, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { DirectoryLock } from '../../dist/esm/adapters/embedded/directory-lock.js';

let lock;

process.on('message', async message => {
  if (message === 'release') {
    await lock.release();
    return process.send('released');
  }
  if (message.storm) return storm(message.directory);
  try {
    lock = await DirectoryLock.acquire(message.directory, undefined, message.timings);
    process.send('won');
  } catch (error) {
    process.send(error.code ?? error.message);
  }
});
process.send('ready');

async function storm(directory) {
  const inside = join(directory, 'inside');
  for (;;) {
    let held;
    try {
      held = await DirectoryLock.acquire(directory);
    } catch (error) {
      if (error.code === 'DURABLE_DIRECTORY_IN_USE') continue;
      process.send(`failed: ${error.stack}`);
      return;
    }
    await enter(inside);
    await rm(inside);
    await held.release();
    process.send('round');
  }
}

/** Whoever is met inside must have been killed there. A link has its text from the first moment on, a file has not. */
async function enter(inside) {
  const pid = String(process.pid);
  try {
    await symlink(pid, inside);
  } catch {
    const other = await readlink(inside).catch(() => 'someone who left just now');
    if (await isRunning(other)) process.send(`failed: ${pid} met ${other} inside`);
    await rm(inside, { force: true });
    await symlink(pid, inside);
  }
}

async function isRunning(pid) {
  if (!/^\d+$/.test(pid)) return true;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return !/\) [ZX]/.test(stat);
}
