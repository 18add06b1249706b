/**
 * Temporary directories that carry their owner in their name, so that a later run can tell what a killed one left
 * behind: `nestjs-durable-KIND-PID-STARTTIME-RANDOM`.
 *
 * A server's directory holds `server.pid`, so that the server of a dead owner can be ended too.
 */
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { childrenOf, processesWith, signalQuietly, startTime, waitUntil } from './processes.mjs';

const PATTERN = /^nestjs-durable-[a-z]+-(\d+)-(\d+)-\w{6}$/;

/** Creates a directory of this process in the system's directory for temporary files. */
export function createOwnedDirectory(kind) {
  const directory = mkdtempSync(
    join(tmpdir(), `nestjs-durable-${kind}-${process.pid}-${startTime(process.pid)}-`),
  );
  // A database server that runs as another user must be able to reach its own directory inside.
  chmodSync(directory, 0o755);
  return directory;
}

/** Notes in an owned directory which server runs on it. */
export function noteServer(directory, pid) {
  writeFileSync(join(directory, 'server.pid'), `${pid} ${startTime(pid)}\n`);
}

/** Removes a directory, the tests that run in it (DURABLE_TEST_RUN names it to them), and servers on it or inside. */
export async function removeOwnedDirectory(directory) {
  for (const pid of processesWith('DURABLE_TEST_RUN', directory)) signalQuietly(pid, 'SIGKILL');
  await sweepLeftovers(directory);
  await endServer(directory);
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

/**
 * Ends servers and removes directories whose owner is gone. What cannot be removed (another user's) is left.
 *
 * @returns {Promise<string[]>} the directories that were removed.
 */
export async function sweepLeftovers(parent = tmpdir()) {
  const removed = [];
  for (const name of existsSync(parent) ? readdirSync(parent) : []) {
    const [, pid, started] = PATTERN.exec(name) ?? [];
    if (pid === undefined || startTime(Number(pid)) === Number(started)) continue;
    try {
      await removeOwnedDirectory(join(parent, name));
      removed.push(join(parent, name));
    } catch {
      // Not ours to remove.
    }
  }
  return removed;
}

async function endServer(directory) {
  const note = join(directory, 'server.pid');
  if (!existsSync(note)) return;
  const [pid, started] = readFileSync(note, 'utf8').split(' ').map(Number);
  if (startTime(pid) !== started) return;
  const tree = [pid, ...childrenOf(pid)];
  tree.forEach(member => signalQuietly(member, 'SIGKILL'));
  await waitUntil(() => tree.every(member => startTime(member) === undefined), 5_000);
}
