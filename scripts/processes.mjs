/**
 * Child processes: run one to its end, recognise one again later, end one with everything it started.
 *
 * Node's own modules only: the runner uses this before anything is installed.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { constants } from 'node:os';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

const HAS_PROC = existsSync('/proc/self/stat');

/** Groups that `run` has started and that have not ended. */
const running = new Set();

/**
 * Runs a command in a process group of its own.
 *
 * With `capture` (the default) its output is collected, else it goes to this process's own. `user` (`{ uid, gid }`)
 * makes it run as another; after `timeoutMs` it is killed with its group. Resolves when it ends, whatever its exit
 * code; a command that cannot be started gives code 127 and says why in `output`.
 *
 * @returns {Promise<{ code: number, output: string, stdout: string }>} `output` is all it printed, `code` is
 *   128 + the signal's number after a signal.
 */
export function run(command, args, { cwd, env, user, capture = true, timeoutMs } = {}) {
  return new Promise(resolve => {
    const stdio = capture ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'];
    const child = spawn(command, args, { cwd, env, stdio, detached: true, ...user });
    const printed = { output: [], stdout: [] };
    child.stdout?.on('data', chunk => [printed.output, printed.stdout].forEach(list => list.push(chunk)));
    child.stderr?.on('data', chunk => printed.output.push(chunk));
    const expire = () => {
      printed.output.push(Buffer.from(`${command} ${args.join(' ')} did not end within ${timeoutMs} ms\n`));
      signalQuietly(-child.pid, 'SIGKILL');
    };
    const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs);
    child.on('spawn', () => running.add(child.pid));
    child.on('error', error => resolve({ code: 127, output: `${command}: ${error.message}\n`, stdout: '' }));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      running.delete(child.pid);
      const text = list => Buffer.concat(list).toString('utf8');
      resolve({
        code: code ?? 128 + constants.signals[signal],
        output: text(printed.output),
        stdout: text(printed.stdout),
      });
    });
  });
}

/** Signals every group that `run` has started and that has not ended. */
export function signalRunning(signal) {
  for (const pid of running) signalQuietly(-pid, signal);
}

/** Sends a signal; `false` if there is no such process. */
export function signalQuietly(pid, signal) {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * When a process was started, as a number that is useful for comparison only; `undefined` if it is gone.
 *
 * A pid alone is not an identity: the system gives it to another process later.
 */
export function startTime(pid) {
  try {
    if (!HAS_PROC) {
      return Date.parse(
        execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim(),
      );
    }
    const fields = statFields(pid);
    return fields[0] === 'Z' ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}

/** A process's fields of /proc/PID/stat from the third (its state) on; the name before may hold anything. */
function statFields(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Pids of the direct children of a process. */
export function childrenOf(pid) {
  if (HAS_PROC) {
    return readdirSync('/proc')
      .filter(name => /^\d+$/.test(name) && parentOf(name) === pid)
      .map(Number);
  }
  const table = execFileSync('ps', ['-axo', 'pid=,ppid='], { encoding: 'utf8' });
  return table
    .split('\n')
    .map(line => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child);
}

function parentOf(pid) {
  try {
    return Number(statFields(pid)[1]);
  } catch {
    return undefined;
  }
}

/** Asks `condition` every few milliseconds; whether it became true in time. */
export async function waitUntil(condition, timeoutMs) {
  const end = Date.now() + timeoutMs;
  for (;;) {
    if (await condition()) return true;
    if (Date.now() > end) return false;
    await sleep(20);
  }
}

/** This process's environment without what an outer `npm` put there for itself, which would mislead an inner one. */
export function cleanEnvironment() {
  const own =
    /^(npm_(package|lifecycle)_.*|npm_config_local_prefix|npm_command|npm_execpath|npm_node_execpath|INIT_CWD)$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)));
}

/** Pids of other processes that have a variable in their environment; none where the system does not tell (macOS). */
export function processesWith(name, value) {
  if (!HAS_PROC) return [];
  return readdirSync('/proc')
    .filter(
      entry => /^\d+$/.test(entry) && Number(entry) !== process.pid && hasVariable(entry, `${name}=${value}`),
    )
    .map(Number);
}

function hasVariable(pid, assignment) {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(assignment);
  } catch {
    return false;
  }
}

/** The command line of a process, for people. */
export function commandOf(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return '(ended)';
  }
}
