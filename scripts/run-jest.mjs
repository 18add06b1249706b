import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import {
  cleanEnvironment,
  commandOf,
  processesWith,
  run,
  signalQuietly,
  signalRunning,
  waitUntil,
} from './processes.mjs';

/** How long Jest may take to end once all its results are there. */
const EXIT_GRACE_MS = 30_000;
/** How long processes that tests have started may outlive Jest. */
const STRAY_GRACE_MS = 3_000;

/**
 * Runs Jest and counts its tests.
 *
 * Beside failed tests these are failures: a file that does not run, a run of no tests at all, a run that does not end
 * by itself, processes that outlive it, and, in a run of everything, tests that are skipped.
 *
 * @param {object} options `args` of Jest, `directory` for temporary files of the tests, `environment` for them, `capture`:
 *   whether to keep quiet about what Jest prints.
 * @returns {Promise<{ passed: number, failed: number, text: string, failedNames: string[], broken: string[] }>}
 *   `failedNames`: tests that ran and failed; `broken`: why files failed of which no test did.
 */
export async function runJest({ root, args, directory, environment, capture = false }) {
  const results = join(directory, 'jest.json');
  const env = { ...cleanEnvironment(), ...environment, TMPDIR: directory, DURABLE_TEST_RUN: directory };
  const jest = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
  const command = [
    '--no-warnings',
    '--experimental-vm-modules',
    jest,
    '--ci',
    '--json',
    `--outputFile=${results}`,
  ];
  // Of an earlier run in this directory: they would be taken for those of this one.
  rmSync(results, { force: true });
  const watchdog = watchForHang(results);
  const { code } = await run(process.execPath, [...command, ...args], { cwd: root, env, capture });
  clearInterval(watchdog.timer);
  const problems = [...watchdog.problems, ...(await endStrays(directory))];
  return count({ results, code, problems, complete: args.length === 0 });
}

/** Without it an open handle would keep the run waiting for ever. */
function watchForHang(results) {
  const problems = [];
  const look = () => {
    const written = statSync(results, { throwIfNoEntry: false })?.mtimeMs;
    if (written === undefined || Date.now() - written < EXIT_GRACE_MS || problems.length > 0) return;
    problems.push('Jest did not end after its last test: a test left something open');
    signalRunning('SIGKILL');
  };
  return { timer: setInterval(look, 1_000), problems };
}

async function endStrays(directory) {
  const strays = () => processesWith('DURABLE_TEST_RUN', directory);
  await waitUntil(() => strays().length === 0, STRAY_GRACE_MS);
  return strays().map(pid => {
    const problem = `a test left a process running: ${commandOf(pid)}`;
    signalQuietly(pid, 'SIGKILL');
    return problem;
  });
}

function count({ results, code, problems, complete }) {
  if (!existsSync(results)) {
    const text = `Jest ended with code ${code} and without results\n`;
    return { passed: 0, failed: 1, text, failedNames: [], broken: [text] };
  }
  const summary = JSON.parse(readFileSync(results, 'utf8'));
  const skipped = complete ? skippedTests(summary) : [];
  const all = [
    ...problems,
    ...skipped.map(name => `skipped: ${name}`),
    ...(summary.numPassedTests + summary.numFailedTests === 0 ? ['no test ran'] : []),
  ];
  const failedTests = summary.numFailedTests + summary.numRuntimeErrorTestSuites;
  if (code !== 0 && failedTests + all.length === 0) all.push(`Jest ended with code ${code}`);
  const text = all.map(problem => `${problem}\n`).join('');
  const failedNames = namesOf(summary, ['failed']);
  const broken = summary.testResults
    .filter(file => file.status === 'failed' && namesOf({ testResults: [file] }, ['failed']).length === 0)
    .map(({ message }) => message);
  return { passed: summary.numPassedTests, failed: failedTests + all.length, text, failedNames, broken };
}

function skippedTests(summary) {
  return namesOf(summary, ['pending', 'todo', 'disabled']);
}

function namesOf(summary, statuses) {
  return summary.testResults.flatMap(file =>
    file.assertionResults.filter(({ status }) => statuses.includes(status)).map(({ fullName }) => fullName),
  );
}
