// Takes directory locks as it is told: { directory } acquires and answers 'won' or the error's code, 'release' gives
// it back, { directory, storm } acquires and releases until it is killed, and checks that it is alone.
import { readFile, rm, writeFile } from 'node:fs/promises';
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

/** Whoever is met inside must have been killed there. */
async function enter(inside) {
  try {
    await writeFile(inside, String(process.pid), { flag: 'wx' });
  } catch {
    const other = await readFile(inside, 'utf8').catch(() => 'someone who left just now');
    if (await isRunning(other)) process.send(`failed: ${process.pid} met ${other} inside`);
    await writeFile(inside, String(process.pid));
  }
}

async function isRunning(pid) {
  if (!/^\d+$/.test(pid)) return true;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return !/\) [ZX]/.test(stat);
}
